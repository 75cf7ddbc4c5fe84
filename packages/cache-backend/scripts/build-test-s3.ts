// Builds the S3 server of the tests before they run, so that they need not wait for it.
import { build } from '@p2p/testkit/s3-server';

console.log(build());

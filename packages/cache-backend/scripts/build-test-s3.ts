// Builds the S3 server of the tests before they run, so that they need not wait for it.
import { build } from '../test/integration/servers/s3-server.ts';

console.log(build());

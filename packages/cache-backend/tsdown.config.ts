import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({
  entry: {
    index: 'src/index.ts',
    conformance: 'src/conformance/index.ts',
    redis: 'src/backends/redis/index.ts',
    s3: 'src/backends/s3/index.ts',
    // Files of their own, started by name.
    'io/thread/worker': 'src/io/thread/worker.ts',
    'io/thread/sync-worker': 'src/io/thread/sync-worker.ts',
  },
  platform: 'node',
  traced: true,
});
export default config;

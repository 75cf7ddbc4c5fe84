import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({
  entry: {
    index: 'src/index.ts',
    lmdb: 'src/backends/lmdb/index.ts',
    datastore: 'src/backends/datastore/index.ts',
    redis: 'src/backends/redis/index.ts',
    conformance: 'src/conformance/index.ts',
  },
  platform: 'neutral',
  traced: true,
});
export default config;

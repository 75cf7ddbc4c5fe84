import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({
  entry: {
    index: 'src/index.ts',
    // Entries of their own, so that they stay in `io/`: the worker is found beside the file that starts it.
    'io/verify-pool': 'src/io/verify-pool.ts',
    'io/verify-worker': 'src/io/verify-worker.ts',
  },
  platform: 'node',
  traced: true,
});

export default config;

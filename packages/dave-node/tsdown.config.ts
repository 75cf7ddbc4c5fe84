import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({
  entry: {
    index: 'src/index.ts',
    // A file of its own, started by name.
    'io/verify-worker': 'src/io/verify-worker.ts',
  },
  platform: 'node',
  traced: true,
});

export default config;

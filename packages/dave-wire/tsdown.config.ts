import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({
  entry: {
    index: 'src/index.ts',
    'index.node': 'src/index.node.ts',
    node: 'src/node.ts',
    // Entries of their own, so that they stay in `io/`: the workers are found beside the files that start them.
    'io/work-threads-node': 'src/io/work-threads-node.ts',
    'io/work-threads-web': 'src/io/work-threads-web.ts',
    'io/work-worker-node': 'src/io/work-worker-node.ts',
    'io/work-worker-web': 'src/io/work-worker-web.ts',
  },
  platform: 'neutral',
  traced: false,
});

export default config;

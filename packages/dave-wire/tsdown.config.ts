import { library } from '@p2p/tooling-tsdown';

export default library({ entry: { index: 'src/index.ts', 'index.node': 'src/index.node.ts', node: 'src/node.ts' }, platform: 'neutral', traced: false });

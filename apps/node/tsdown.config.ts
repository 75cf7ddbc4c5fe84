import { library } from '@p2p/tooling-tsdown';

export default library({ entry: { main: 'src/main.ts' }, platform: 'node', traced: true });

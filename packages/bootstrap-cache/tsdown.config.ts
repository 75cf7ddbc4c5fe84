import { library } from '@p2p/tooling-tsdown';

export default library({ entry: { index: 'src/index.ts' }, platform: 'neutral', traced: false });

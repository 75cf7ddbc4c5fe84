import { library } from '@p2p/tooling-tsdown';

export default library({ entry: { index: 'src/index.ts', noop: 'src/noop.ts' }, platform: 'neutral', traced: false });

import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({ entry: { index: 'src/index.ts', conformance: 'src/conformance/index.ts', lmdb: 'src/lmdb.ts' }, platform: 'neutral', traced: false });
export default config;

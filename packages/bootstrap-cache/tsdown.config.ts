import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({ entry: { index: 'src/index.ts' }, platform: 'node', traced: true });
export default config;

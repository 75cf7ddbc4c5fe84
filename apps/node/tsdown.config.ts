import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = library({ entry: { main: 'src/main.ts', 'prove-worker': 'src/publish/io/prove-worker.ts' }, platform: 'node', traced: true });
export default config;

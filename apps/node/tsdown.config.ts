import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const program = 'src/run-dave.ts';
// `dave` is a small file that imports `#dave`, which the export conditions of the process lead to one of two builds.
const [plain, traced] = library({ entry: { main: 'src/main.ts', 'run-dave': program }, platform: 'node', traced: true });

const config: UserConfig[] = [{ ...plain }, { ...traced, entry: { 'run-dave': program } }];
export default config;

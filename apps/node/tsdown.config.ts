import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const programs = { 'run-dave': 'src/run-dave.ts', 'prove-worker': 'src/publish/io/prove-worker.ts' };
// `dave` is a small file that imports `#dave`, which the export conditions of the process lead to one of two builds.
const [plain, traced] = library({ entry: { main: 'src/main.ts', ...programs }, platform: 'node', traced: true });

const config: UserConfig[] = [{ ...plain }, { ...traced, entry: programs }];
export default config;

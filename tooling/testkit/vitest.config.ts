import { project } from '@p2p/tooling-vitest';

export default project();

import { project } from '@p2p/tooling-vitest';
import type { ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = project();
export default config;

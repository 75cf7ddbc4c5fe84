import { project, withoutModuleCondition } from '@p2p/tooling-vitest';
import type { ViteUserConfig } from 'vitest/config';

const config: ViteUserConfig = withoutModuleCondition(project());
export default config;

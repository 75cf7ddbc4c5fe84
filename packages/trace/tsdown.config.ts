import { library } from '@p2p/tooling-tsdown';
import type { UserConfig } from 'tsdown';

const config: UserConfig[] = [
  ...library({ entry: { index: 'src/index.ts', noop: 'src/noop.ts' }, platform: 'neutral', traced: false }),
  // A program for development machines, apart from what programs load.
  ...library({
    entry: { 'check/index': 'src/check/index.ts', 'check/main': 'src/check/main.ts' },
    platform: 'node',
    traced: false,
    clean: false,
  }),
];
export default config;

import { existsSync } from 'node:fs';
import { project } from '@p2p/tooling-vitest';
import { mergeConfig, type ViteUserConfig } from 'vitest/config';

/** Thousands of small trees, each synced: in memory where there is such a place. `test/integration/disk.test.ts` uses the disk. */
const env: Record<string, string> = existsSync('/dev/shm') && process.env['CACHE_TEST_DIR'] === undefined ? { TMPDIR: '/dev/shm' } : {};

const config: ViteUserConfig = mergeConfig(project(), { test: { env } });
export default config;

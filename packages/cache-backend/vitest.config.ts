import { existsSync } from 'node:fs';
import { project, withoutModuleCondition } from '@p2p/tooling-vitest';
import { mergeConfig, type ViteUserConfig } from 'vitest/config';

/** Thousands of small trees, each synced: in memory where there is such a place. `CACHE_TEST_DIR=1`: in the ordinary temporary directory. */
const env: Record<string, string> = existsSync('/dev/shm') && process.env['CACHE_TEST_DIR'] === undefined ? { TMPDIR: '/dev/shm' } : {};

const config: ViteUserConfig = mergeConfig(withoutModuleCondition(project()), { test: { env } });
export default config;

import { existsSync } from 'node:fs';
import { project } from '@p2p/tooling-vitest';
import { mergeConfig, type ViteUserConfig } from 'vitest/config';

/** Thousands of small trees, each synced: in memory where there is such a place. `CACHE_TEST_DIR=1`: in the ordinary temporary directory. */
const env: Record<string, string> = existsSync('/dev/shm') && process.env['CACHE_TEST_DIR'] === undefined ? { TMPDIR: '/dev/shm' } : {};

const base: ViteUserConfig = project();
/** Without `module`: under it the AWS SDK offers files for bundlers, which Node cannot load. */
const conditions: string[] = (base.ssr?.resolve?.conditions ?? []).filter((condition) => condition !== 'module');

const config: ViteUserConfig = mergeConfig({ ...base, ssr: { resolve: { ...base.ssr?.resolve, conditions } } }, { test: { env } });
export default config;

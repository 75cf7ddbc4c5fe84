import { join } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The vitest configuration of every workspace. With `P2P_FLAVOUR=traced` all packages resolve to
 * their traced build: vitest needs the condition in both lists, one for what it transforms and one
 * for what Node loads itself. With `P2P_REPORT_DIR` each run leaves a JSON report there.
 */
export function project(): ViteUserConfig {
  const traced = process.env['P2P_FLAVOUR'] === 'traced';
  const reportDirectory = process.env['P2P_REPORT_DIR'];
  const conditions = traced ? ['p2p-trace'] : [];
  const reportName = `${process.cwd().split('/').slice(-2).join('-')}-${traced ? 'traced' : 'plain'}-${process.version}.json`;
  return defineConfig({
    ssr: {
      resolve: {
        conditions: [...conditions, 'module', 'node', 'development|production'],
        externalConditions: [...conditions, 'node'],
      },
    },
    test: {
      include: ['test/**/*.test.ts'],
      testTimeout: 30_000,
      hookTimeout: 30_000,
      teardownTimeout: 10_000,
      restoreMocks: true,
      pool: 'forks',
      maxWorkers: 2,
      execArgv: traced ? ['--conditions=p2p-trace'] : [],
      reporters: reportDirectory === undefined ? ['default'] : ['default', 'json'],
      ...(reportDirectory === undefined ? {} : { outputFile: { json: join(reportDirectory, reportName) } }),
    },
  });
}

/** The same for tests that load the AWS SDK: under the condition `module` it offers files for bundlers, which Node cannot load. */
export function withoutModuleCondition(config: ViteUserConfig): ViteUserConfig {
  const conditions = (config.ssr?.resolve?.conditions ?? []).filter((condition) => condition !== 'module');
  return { ...config, ssr: { resolve: { ...config.ssr?.resolve, conditions } } };
}

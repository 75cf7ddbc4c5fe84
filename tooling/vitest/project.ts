import { join } from 'node:path';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { SAME_IN_BOTH_FLAVOURS } from './same-in-both-flavours.ts';

export { SAME_IN_BOTH_FLAVOURS } from './same-in-both-flavours.ts';

/**
 * The vitest configuration of every workspace. With `P2P_FLAVOUR=traced` all packages resolve to
 * their traced build: vitest needs the condition in both lists, one for what it transforms and one
 * for what Node loads itself. With `P2P_REPORT_DIR` each run leaves a JSON report there.
 */
export function project(): ViteUserConfig {
  const traced = process.env['P2P_FLAVOUR'] === 'traced';
  const reportDirectory = process.env['P2P_REPORT_DIR'];
  const conditions = traced ? ['p2p-trace'] : [];
  const directory = process.cwd().split('/').slice(-2);
  const left = traced ? Object.values(SAME_IN_BOTH_FLAVOURS[directory.join('/')] ?? {}).flat() : [];
  const reportName = `${directory.join('-')}-${traced ? 'traced' : 'plain'}-${process.version}.json`;
  return defineConfig({
    ssr: {
      resolve: {
        conditions: [...conditions, 'module', 'node', 'development|production'],
        externalConditions: [...conditions, 'node'],
      },
    },
    test: {
      include: ['test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, ...left],
      // For what hangs. Half of it was not enough for all that is sound on a machine four times as slow as two idle cores.
      testTimeout: 60_000,
      hookTimeout: 60_000,
      teardownTimeout: 10_000,
      // What is waited for comes when it comes: a machine that is busy is no failure. The default is a second.
      expect: { poll: { timeout: 20_000 } },
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

import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The vitest configuration of every workspace. With `P2P_FLAVOUR=traced` all packages resolve to
 * their traced build: vitest needs the condition in both lists, one for what it transforms and one
 * for what Node loads itself.
 */
export function project(): ViteUserConfig {
  const traced = process.env['P2P_FLAVOUR'] === 'traced';
  const conditions = traced ? ['p2p-trace'] : [];
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
      passWithNoTests: false,
      pool: 'forks',
      maxWorkers: 2,
      execArgv: traced ? ['--conditions=p2p-trace'] : [],
    },
  });
}

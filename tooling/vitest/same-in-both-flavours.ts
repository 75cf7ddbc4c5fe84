/** Test files of a package that the traced flavour leaves out, since they meet the same code to the byte there: globs. `tooling/checks` holds `loadNoTrace` to it, and which files of the cache differ. */
export interface SameInBothFlavours {
  /** They load no module that asks whether it is traced. */
  readonly loadNoTrace?: readonly string[];
  /** What they test is one file for both flavours. */
  readonly oneBuild?: readonly string[];
  /** What they test runs in processes of their own, in a flavour that does not depend on the one of the test. */
  readonly ownProcesses?: readonly string[];
}

/** By directory. A package that is not built twice has no script `test:traced`. */
export const SAME_IN_BOTH_FLAVOURS: Readonly<Record<string, SameInBothFlavours>> = {
  'packages/bootstrap-cache': {
    ownProcesses: ['test/integration/crash.test.ts', 'test/integration/processes.test.ts'],
  },
  'packages/cache-backend': {
    oneBuild: ['test/integration/redis.test.ts', 'test/integration/s3.test.ts'],
    ownProcesses: ['test/integration/crash.test.ts', 'test/integration/planted-bugs.test.ts', 'test/integration/processes.test.ts', 'test/integration/sync-each.test.ts'],
  },
  'packages/dave-node': {
    loadNoTrace: ['test/property/**', 'test/sim/discovery-*.test.ts', 'test/unit/store/**', 'test/integration/socket-*.test.ts', 'test/integration/verify-pool.test.ts'],
    ownProcesses: ['test/integration/packets-of-both-flavours.test.ts'],
  },
};

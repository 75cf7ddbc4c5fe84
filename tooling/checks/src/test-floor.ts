// Runs suites on the oldest Node that the packages declare: what is published must work there, too.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';

const NODE = join(ROOT, 'node_modules/node22/bin/node');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

const SUITES: Readonly<Record<string, readonly string[]>> = {
  'packages/trace': ['test'],
  'packages/dave-wire': ['test/unit', 'test/vectors', 'test/property', 'test/integration/entry-points.test.ts'],
  'packages/record-store': ['test/unit', 'test/vectors', 'test/property', 'test/integration'],
  'tooling/conformance': ['test'],
  'packages/dave-node': ['test/unit', 'test/integration'],
  'apps/node': ['test/unit', 'test/property', 'test/vectors', 'test/integration/demo.test.ts', 'test/integration/daemon.test.ts', 'test/integration/publish.test.ts'],
};

/** This Node does not count the bytes that it allocates, so the test has nothing to look at. */
const NOT_THERE = ['--exclude', 'test/unit/encode-allocation.test.ts'];

let failed = 0;
for (const [directory, paths] of Object.entries(SUITES)) {
  const { status, error } = spawnSync(NODE, [VITEST, 'run', ...NOT_THERE, ...paths], { cwd: join(ROOT, directory), stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) failed += 1;
}
process.exitCode = failed === 0 ? 0 : 1;

import { beforeAll, describe, it } from 'vitest';
import { GoNode } from '../src/go-node.ts';
import { goAvailability } from '../src/go-program.ts';
import { InteropError } from '../src/interop-error.ts';

/** The first build on a machine fetches Go modules and compiles everything. */
const FIRST_BUILD_MS = 180_000;

/**
 * A suite that needs the Go implementation. Without a Go toolchain it is skipped with the reason in
 * its name, except in CI, where it fails.
 */
export function describeWithGo(name: string, define: () => void): void {
  const go = goAvailability();
  if (go.available) {
    describe(name, () => {
      beforeAll(() => GoNode.build(), FIRST_BUILD_MS);
      define();
    });
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      it('finds a Go toolchain', () => {
        throw new InteropError('INTEROP_GO_MISSING', go.reason);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${go.reason})`, define);
  }
}

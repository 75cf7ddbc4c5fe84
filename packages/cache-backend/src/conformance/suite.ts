import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CacheBackend } from '../types.ts';
import { bytesOfPath } from '../io/byte-path.ts';
import { removeTree } from '../io/tree/remove-tree.ts';

/** How the suite names a test to a framework: `test` of vitest, node:test, Mocha or tape-like wrappers. */
export type TestFunction = (name: string, fn: () => Promise<void>) => unknown;

/** One store, which several instances may open: what one puts, the others get. */
export interface CacheStore {
  /** Another instance on the same store, as another process would have. */
  open(): Promise<CacheBackend>;
  /** Removes the store. Called when all its instances are closed. */
  remove(): Promise<void>;
}

/** What the suite needs to know of a backend. */
export interface ConformanceOptions {
  readonly test: TestFunction;
  /** Makes an empty store. `scratch` is a directory of this test's own, removed after it. */
  readonly makeStore: (scratch: string) => Promise<CacheStore>;
  /** Trees keep what POSIX has: modes, links, times, names in bytes. Default true. */
  readonly keepsPosixTrees?: boolean;
  /** What a prune evicts may be served again, from elsewhere, as by a tier behind this one. Default false. */
  readonly servesEvicted?: boolean;
  /** Rounds of the tests of concurrency. Default 40. */
  readonly rounds?: number;
}

/** What a test gets. */
export interface Bench {
  readonly cache: CacheBackend;
  readonly servesEvicted: boolean;
  /** Another instance on the same store. */
  open(): Promise<CacheBackend>;
  /** A fresh path below the test's own directory. */
  path(name: string): string;
}

/** Wraps tests so that each has a store of its own, and nothing is left after it. */
export function withStores(options: ConformanceOptions): (name: string, fn: (bench: Bench) => Promise<void>) => void {
  return (name, fn) => {
    options.test(name, async () => {
      const scratch = mkdtempSync(join(tmpdir(), 'cache-conformance-'));
      const store = await options.makeStore(scratch);
      const opened: CacheBackend[] = [];
      const open = async (): Promise<CacheBackend> => {
        const cache = await store.open();
        opened.push(cache);
        return cache;
      };
      let made = 0;
      try {
        await fn({ cache: await open(), servesEvicted: options.servesEvicted === true, open, path: (name) => join(scratch, `${name}-${++made}`) });
      } finally {
        for (const cache of opened) await cache.close();
        await store.remove();
        removeTree(bytesOfPath(scratch));
      }
    });
  };
}

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from '../src/io/tree/remove-tree.ts';

/** Calls `fn` with a directory that is gone afterwards. */
export async function withDirectory<T>(fn: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'cache-test-'));
  try {
    return await fn(dir);
  } finally {
    removeTree(dir);
  }
}

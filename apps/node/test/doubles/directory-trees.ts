import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeTotals } from '../../src/publish/core/tree.ts';
import type { HeldTree, TreeStore } from '../../src/publish/tree-store.ts';

/** What trees were said to have when they were built, by path. */
const built = new Map<string, TreeTotals>();

/** Trees in a directory: what a cache does, without its threads and syncs. The real one is used where commands are run. */
export class DirectoryTrees implements TreeStore {
  readonly #trees: string;
  readonly #staging: string;
  /** May fail as a cache does that takes no more. */
  readonly beforeKept: (() => void) | undefined;

  constructor(trees: string, staging: string, beforeKept?: () => void) {
    this.beforeKept = beforeKept;
    this.#trees = trees;
    this.#staging = staging;
    for (const directory of [trees, staging]) mkdirSync(directory, { recursive: true });
  }

  get(key: string): Promise<HeldTree | undefined> {
    const path = this.#pathOf(key);
    return Promise.resolve(existsSync(path) ? held(path) : undefined);
  }

  async getOrBuild(key: string, build: (directory: string) => Promise<void>, { totals }: { totals: TreeTotals }): Promise<HeldTree> {
    const directory = mkdtempSync(join(this.#staging, 'build-'));
    try {
      await build(directory);
      this.beforeKept?.();
      built.set(this.#pathOf(key), totals);
      renameSync(directory, this.#pathOf(key));
      return held(this.#pathOf(key));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  copyTo(): Promise<void> {
    return Promise.reject(new Error('not needed here'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #pathOf(key: string): string {
    return join(this.#trees, Buffer.from(key).toString('hex'));
  }
}

function held(path: string): HeldTree {
  const totals = built.get(path);
  if (totals === undefined) throw new Error('a tree that was not built here');
  const { entries, contentBytes } = totals;
  return { path, entries, contentBytes, tier: 'local', [Symbol.asyncDispose]: () => Promise.resolve() };
}

import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeldTree, TreeStore } from '../../src/publish/tree-store.ts';

/** Trees in a directory: what a cache does, without its threads and syncs. The real one is used where commands are run. */
export class DirectoryTrees implements TreeStore {
  readonly #trees: string;
  readonly #staging: string;

  constructor(trees: string, staging: string) {
    this.#trees = trees;
    this.#staging = staging;
    for (const directory of [trees, staging]) mkdirSync(directory, { recursive: true });
  }

  get(key: string): Promise<HeldTree | undefined> {
    const path = this.#pathOf(key);
    return Promise.resolve(existsSync(path) ? held(path) : undefined);
  }

  async getOrBuild(key: string, build: (directory: string) => Promise<void>): Promise<HeldTree> {
    const directory = mkdtempSync(join(this.#staging, 'build-'));
    try {
      await build(directory);
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
  return { path, [Symbol.asyncDispose]: () => Promise.resolve() };
}

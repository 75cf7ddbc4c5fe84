import * as fs from 'node:fs';
import type { CacheEntry } from '../../types.ts';
import { fsPath } from '../byte-path.ts';
import { type Layout, SHARDS, syncDirectory } from './layout.ts';
import { renameOver } from './plain-file.ts';
import type { Found, Pointers } from './pointers.ts';

/** Entries as callers see them, and their pins. */
export class Entries {
  readonly #layout: Layout;
  readonly #pointers: Pointers;
  readonly #owner: string;

  constructor(layout: Layout, pointers: Pointers, owner: string) {
    this.#layout = layout;
    this.#pointers = pointers;
    this.#owner = owner;
  }

  entryOf(hash: string, { pointer, accessedUs }: Found): CacheEntry {
    return {
      key: pointer.key,
      description: pointer.description,
      sizeBytes: pointer.sizeBytes,
      cachedAtMs: pointer.cachedAtMs,
      lastAccessedMs: Math.floor(accessedUs / 1000),
      allocatedBytes: pointer.allocatedBytes,
      sharedBytes: pointer.sharedBytes,
      treeDigest: pointer.tree.slice(0, 64),
      ...(pointer.tags === undefined ? {} : { tags: pointer.tags }),
      ...(pointer.expiresAtMs === undefined ? {} : { expiresAtMs: pointer.expiresAtMs }),
      pinned: this.#isPinned(hash),
    };
  }

  /** Entries in some of the index's directories; what is damaged or expired is left out. */
  list(from: number, to: number): CacheEntry[] {
    const entries: CacheEntry[] = [];
    const now = Date.now();
    for (const shard of SHARDS.slice(from, to)) {
      for (const hash of this.#pointers.hashesIn(shard)) {
        const found = this.#pointers.read(hash);
        if (typeof found === 'object' && (found.pointer.expiresAtMs ?? Infinity) > now) entries.push(this.entryOf(hash, found));
      }
    }
    return entries;
  }

  /** False when there is no such entry. */
  pin(hash: string, key: string): boolean {
    if (typeof this.#pointers.read(hash) !== 'object') return false;
    const draft = this.#layout.at('tmp', this.#owner, `pin-${hash}`);
    fs.writeFileSync(fsPath(draft), JSON.stringify({ key }), { mode: 0o600, flush: true });
    renameOver(draft, this.#layout.pin(hash));
    syncDirectory(this.#layout.at('pins'));
    return true;
  }

  /** False when there was no pin. */
  unpin(hash: string): boolean {
    const had = this.#isPinned(hash);
    fs.rmSync(fsPath(this.#layout.pin(hash)), { force: true });
    return had;
  }

  #isPinned(hash: string): boolean {
    return fs.existsSync(fsPath(this.#layout.pin(hash)));
  }
}

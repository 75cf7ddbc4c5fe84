import * as fs from 'node:fs';
import type { Pointer } from '../../pointer.ts';
import type { CacheEntry } from '../../types.ts';
import { fsPath, showPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { Entries } from './entries.ts';
import { Intents } from './intents.ts';
import { type Layout, syncDirectory } from './layout.ts';
import { Leases } from './leases.ts';
import { Owners } from './owners.ts';
import { ensureDirectory, ensurePlain } from './plain-file.ts';
import { type Found, Pointers } from './pointers.ts';
import { Removals } from './removals.ts';
import { Seals } from './seals.ts';

/** Accesses are written down at the latest after so long. */
const FLUSH_MS = 500;
/** How often what was in use when it should have been removed is tried again. */
const RETRY_MS = 1_000;

export interface StoreSettings {
  readonly lockTimeoutMs: number;
  /** The directory may be shared with other machines. */
  readonly leaseFiles: boolean;
  readonly graceMs: number;
}

/** A hit as the store knows it. */
export interface StoreHit {
  readonly tree: string;
  readonly path: string;
  readonly entry: CacheEntry;
}

/** What came of a get. `corrupt`: something was set aside just now. */
export type GetOutcome = { readonly hit: StoreHit } | { readonly miss: true; readonly corrupt?: string };

/** Everything about a directory's index, leases and trees, but copying. Runs on a thread of its own and calls the system synchronously. */
export class Store {
  readonly layout: Layout;
  readonly owners: Owners;
  readonly leases: Leases;
  readonly pointers: Pointers;
  readonly intents: Intents;
  readonly removals: Removals;
  readonly entries: Entries;
  readonly #seals: Seals;
  /** Trees that no key leads to any more, as far as this process knows. */
  readonly #orphans = new Set<string>();
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #retrying: ReturnType<typeof setTimeout> | undefined;
  #containers = 0;
  #reclaiming: Promise<void> = Promise.resolve();

  constructor(layout: Layout, settings: StoreSettings) {
    this.layout = layout;
    this.owners = new Owners(layout, settings.leaseFiles);
    this.leases = new Leases(layout, this.owners);
    this.pointers = new Pointers(layout, this.owners.self.id);
    this.intents = new Intents(layout, this.owners, this.leases, settings.lockTimeoutMs, settings.graceMs);
    this.removals = new Removals(layout, this.pointers);
    this.entries = new Entries(layout, this.pointers, this.owners.self.id);
    this.#seals = new Seals(layout);
  }

  /** Looks a key up and leases its tree. */
  async get(hash: string, checks: boolean): Promise<GetOutcome> {
    for (;;) {
      const found = this.pointers.read(hash);
      if (found === undefined) return { miss: true };
      if (found === 'corrupt') return { miss: true, corrupt: await this.setAside(hash, undefined, 'its index entry is damaged') };
      const { pointer } = found;
      if (pointer.expiresAtMs !== undefined && pointer.expiresAtMs <= Date.now()) return { miss: true };
      const lease = `t.${pointer.tree}`;
      this.leases.acquire(lease);
      try {
        await this.intents.wait([lease]);
        const again = this.pointers.read(hash);
        if (typeof again !== 'object' || again.pointer.tree !== pointer.tree) {
          this.release(pointer.tree);
          continue;
        }
        const problem = checks ? this.#seals.check(pointer.tree) : undefined;
        if (problem !== undefined) {
          this.release(pointer.tree);
          return { miss: true, corrupt: await this.setAside(hash, pointer.tree, problem) };
        }
        this.touch(hash);
        return { hit: this.hitOf(hash, { pointer: again.pointer, accessedUs: Date.now() * 1000 }) };
      } catch (error) {
        this.leases.release(lease);
        throw error;
      }
    }
  }

  hitOf(hash: string, found: Found): StoreHit {
    return { tree: found.pointer.tree, path: showPath(this.layout.tree(found.pointer.tree)), entry: this.entries.entryOf(hash, found) };
  }

  release(tree: string): void {
    if (this.leases.release(`t.${tree}`) && this.#orphans.has(tree)) this.reclaimSoon();
  }

  touch(hash: string): void {
    this.pointers.touch(hash);
    if (this.#flushing !== undefined) return;
    this.#flushing = setTimeout(() => {
      this.#flushing = undefined;
      this.pointers.flush();
    }, FLUSH_MS);
    this.#flushing.unref();
  }

  /** A directory of this process for a new tree of a key. */
  newContainer(hash: string): string {
    const path = this.layout.at('tmp', this.owners.self.id, `tree-${++this.#containers}`);
    fs.mkdirSync(fsPath(path), { mode: 0o700 });
    fs.mkdirSync(fsPath(`${path}/refs`), { mode: 0o700 });
    fs.closeSync(fs.openSync(fsPath(`${path}/refs/${hash}`), 'wx', 0o600));
    step('put:container-made');
    return path;
  }

  /** An empty directory of this process for a builder. `put` knows such paths and takes them, though they lie in the cache. */
  newBuild(): string {
    const path = this.layout.at('tmp', this.owners.self.id, `build-${++this.#containers}`);
    fs.mkdirSync(fsPath(path), { mode: 0o700 });
    return path;
  }

  /** Takes the leases that protect a tree and a key while they are being published. */
  async enterPublication(hash: string, tree: string): Promise<void> {
    const leases = [`k.${hash}`, `t.${tree}`];
    for (const lease of leases) this.leases.acquire(lease);
    try {
      await this.intents.wait(leases);
    } catch (error) {
      this.leavePublication(hash, tree, false);
      throw error;
    }
  }

  leavePublication(hash: string, tree: string, keepTree: boolean): void {
    this.leases.release(`k.${hash}`);
    if (!keepTree) this.release(tree);
  }

  /** Moves a finished container to its place; false when a tree of that name is there. Needs the leases. */
  placeTree(container: string, tree: string): boolean {
    const place = this.layout.container(tree);
    if (fs.lstatSync(fsPath(place), { throwIfNoEntry: false }) !== undefined) return false;
    try {
      fs.renameSync(fsPath(container), fsPath(place));
    } catch (error) {
      if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return false;
      throw error;
    }
    step('put:tree-renamed');
    syncDirectory(this.layout.at('trees', tree.slice(0, 2)));
    step('put:trees-synced');
    return true;
  }

  /** Lets a key lead to a tree that is in its place; undefined when `ifAbsent` and the key has an entry. Needs the leases. */
  point(hash: string, pointer: Pointer, ifAbsent: boolean, isNewTree: boolean): StoreHit | undefined {
    if (!isNewTree) {
      const refs = `${this.layout.container(pointer.tree)}/refs`;
      ensureDirectory(refs);
      ensurePlain(`${refs}/${hash}`);
      syncDirectory(refs);
    }
    const before = this.pointers.read(hash);
    // What cannot be served is not there.
    const isOver = ifAbsent && typeof before === 'object' && (before.pointer.expiresAtMs ?? Infinity) > Date.now();
    if (isOver || !this.pointers.write(hash, pointer, ifAbsent && before === undefined)) {
      this.orphaned(pointer.tree);
      return undefined;
    }
    step('put:published');
    if (typeof before === 'object' && before.pointer.tree !== pointer.tree) this.orphaned(before.pointer.tree);
    return this.hitOf(hash, { pointer, accessedUs: Date.now() * 1000 });
  }

  invalidate(hash: string): boolean {
    const taken = this.pointers.take(hash);
    step('invalidate:removed');
    if (typeof taken !== 'object') return taken === 'corrupt';
    this.orphaned(taken.pointer.tree);
    return (taken.pointer.expiresAtMs ?? Infinity) > Date.now();
  }

  /** Takes a damaged tree, or a damaged index entry, out of service. Returns the problem. */
  async setAside(hash: string, tree: string | undefined, problem: string): Promise<string> {
    const lock = await this.intents.lock(true);
    if (lock === undefined) return problem;
    try {
      const keys = tree === undefined ? [hash] : Array.from(new Set([hash, ...this.removals.keysOf(tree)]));
      await this.intents.withIntent(lock, [...keys.map((key) => `k.${key}`), ...(tree === undefined ? [] : [`t.${tree}`])], (held) => {
        for (const key of keys) {
          if (held.has(`k.${key}`)) continue;
          const found = this.pointers.read(key);
          if (tree === undefined ? found === 'corrupt' : typeof found === 'object' && found.pointer.tree === tree) this.pointers.remove(key);
        }
        if (tree === undefined) return;
        this.#seals.forget(tree);
        if (held.has(`t.${tree}`)) this.#orphans.add(tree);
        else this.removals.quarantine(tree);
      });
    } finally {
      lock.release();
    }
    return problem;
  }

  /** Notes that a tree may have lost its last key. */
  orphaned(tree: string): void {
    this.#orphans.add(tree);
    this.reclaimSoon();
  }

  reclaimSoon(): void {
    this.#reclaiming = this.#reclaiming.then(() => this.reclaimOrphans()).catch((error: unknown) => this.onBackgroundError(error));
  }

  /** Told of failures of work that nobody waits for. */
  onBackgroundError: (error: unknown) => void = () => {};
  /** Told that the trash has something. */
  onTrash: () => void = () => {};

  /** Moves orphans that nobody uses into the trash. Those in use are tried again later. */
  async reclaimOrphans(): Promise<void> {
    if (this.#orphans.size === 0) return;
    const lock = await this.intents.lock(false);
    if (lock !== undefined) {
      try {
        const trees = Array.from(this.#orphans).slice(0, 128);
        let moved = false;
        await this.intents.withIntent(lock, trees.map((tree) => `t.${tree}`), (held) => {
          for (const tree of trees) {
            if (held.has(`t.${tree}`)) continue;
            this.#orphans.delete(tree);
            moved = this.removals.reclaim(tree, held) || moved;
          }
        });
        if (moved) this.onTrash();
      } finally {
        lock.release();
      }
    }
    if (this.#orphans.size === 0 || this.#retrying !== undefined) return;
    this.#retrying = setTimeout(() => {
      this.#retrying = undefined;
      this.reclaimSoon();
    }, RETRY_MS);
    this.#retrying.unref();
  }

  /** Waits until what was to be reclaimed was tried. */
  async settle(): Promise<void> {
    this.pointers.flush();
    await this.#reclaiming;
  }

  /** Gives everything back. */
  async close(): Promise<void> {
    clearTimeout(this.#flushing);
    clearTimeout(this.#retrying);
    this.pointers.flush();
    await this.#reclaiming;
    clearTimeout(this.#retrying);
    await this.owners.close();
    fs.rmSync(fsPath(this.layout.at('tmp', this.owners.self.id)), { recursive: true, force: true });
    fs.rmSync(fsPath(this.owners.directory), { recursive: true, force: true });
  }
}

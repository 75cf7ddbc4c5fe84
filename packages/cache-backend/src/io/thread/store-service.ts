import { bytesOfPath } from '../byte-path.ts';
import { probe } from '../store/probe.ts';
import { recover, sweepStore } from '../store/recover.ts';
import { errnoOf } from '../errno.ts';
import { giveReserve, keepReserve, Layout, prepareDirectory } from '../store/layout.ts';
import { NumberedLock } from '../store/numbered-lock.ts';
import { pruneStore } from '../store/prune-store.ts';
import { Store, type StoreHit } from '../store/store.ts';
import { trashPath } from '../store/trash.ts';
import type { OpenReport, Operations } from './protocol.ts';
import type { PruneOptions, PruneReport } from '../../types.ts';

/** The store's operations as other threads ask for them. */
export class StoreService {
  readonly #events: { onTrash: () => void; onBackgroundError: (error: unknown) => void };
  #store: Store | undefined;
  readonly #builds = new Map<number, NumberedLock>();
  #nextBuild = 0;

  constructor(events: { onTrash: () => void; onBackgroundError: (error: unknown) => void }) {
    this.#events = events;
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }

  async open(args: Operations['open'][0]): Promise<OpenReport> {
    const layout = new Layout(bytesOfPath(args.root));
    prepareDirectory(layout);
    try {
      return await this.#openStore(layout, args);
    } catch (error) {
      // Whoever wants to prune a full disk must get this far.
      if (!isFull(error) || !giveReserve(layout)) throw error;
      await this.#store?.close();
      return await this.#openStore(layout, args);
    }
  }

  async #openStore(layout: Layout, { settings, sync, fileSystemType }: Operations['open'][0]): Promise<OpenReport> {
    this.#store = undefined;
    const store = new Store(layout, settings);
    await store.owners.register();
    this.#store = store;
    store.onTrash = this.#events.onTrash;
    store.onBackgroundError = this.#events.onBackgroundError;
    const abilities = probe(layout, store.owners.self.id, { sync, leaseFiles: settings.leaseFiles, fileSystemType });
    const { owners, leftovers } = await recover(store);
    return { abilities, owner: store.owners.self.id, owners, leftovers };
  }

  async place({ hash, container, tree }: Operations['place'][0]): Promise<boolean> {
    await this.store.enterPublication(hash, tree);
    try {
      return this.store.placeTree(container, tree);
    } catch (error) {
      this.store.leavePublication(hash, tree, false);
      throw error;
    }
  }

  point({ hash, pointer, ifAbsent, isNewTree }: Operations['point'][0]): StoreHit | undefined {
    let hit: StoreHit | undefined;
    try {
      hit = this.store.point(hash, pointer, ifAbsent, isNewTree);
      return hit;
    } finally {
      if (hit === undefined) this.store.orphaned(pointer.tree);
      this.store.leavePublication(hash, pointer.tree, hit !== undefined);
    }
  }

  discardContainer(container: string): void {
    trashPath(this.store.layout, container);
    this.#events.onTrash();
  }

  invalidate(hash: string): boolean {
    return this.store.invalidate(hash);
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    const { layout } = this.store;
    try {
      return await pruneStore(this.store, options);
    } catch (error) {
      if (!isFull(error) || !giveReserve(layout)) throw error;
      const report = await pruneStore(this.store, options);
      // What was evicted is still in the trash: its room comes back a little later.
      keepReserve(layout);
      return report;
    }
  }

  sweep(): Promise<Operations['sweep'][1]> {
    return sweepStore(this.store);
  }

  async lockBuild(hash: string): Promise<number | undefined> {
    const lock = await NumberedLock.tryTake(this.store.layout, this.store.owners, `build-${hash}`);
    if (lock === undefined) return undefined;
    this.#builds.set(++this.#nextBuild, lock);
    return this.#nextBuild;
  }

  unlockBuild(id: number): void {
    this.#builds.get(id)?.release();
    this.#builds.delete(id);
  }

  /** Waits for removals that nobody waits for. */
  async settle(): Promise<void> {
    await this.store.settle();
  }

  async close(): Promise<void> {
    for (const lock of this.#builds.values()) lock.release();
    this.#builds.clear();
    await this.#store?.close();
    this.#store = undefined;
  }
}

function isFull(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

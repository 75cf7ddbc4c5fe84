import { crc32 } from 'node:zlib';
import { TRACE } from '@p2p/trace';
import { BootstrapCacheError } from '../errors.ts';
import { type FileHeader, frameFile } from '../file-format.ts';
import { loadPeers } from '../load-session.ts';
import { type BootstrapCacheOptions, type FileSettings, readOptions } from '../options.ts';
import { PeerCache } from '../peer-cache.ts';
import { SaveSession } from '../save-session.ts';
import type { Settings } from '../settings.ts';
import { encodeTombstones } from '../tombstones.ts';
import { traceStore, traceWork } from '../trace/traced-work.ts';
import { Breather } from './breather.ts';
import { type HeldLock, takeLock } from './directory-lock.ts';
import { FileStore, type Loaded } from './file-store.ts';
import { codeOf, type FileSystem, nodeFileSystem } from './file-system.ts';
import { Maintenance } from './maintenance.ts';
import { systemClock, systemRandom } from './platform.ts';

/** Errors that say the directory is not for us; others, such as a full disk, may pass. */
const UNUSABLE = new Set(['EACCES', 'EEXIST', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);

/**
 * Remembers peers across restarts and says which to try first.
 *
 * ```ts
 * const cache = await BootstrapCache.open({ dir: './state', network: 'my-app' });
 * for (const peer of cache.selectPeers(8)) console.log(peer.id, peer.addresses[0]);
 * await cache.close();
 * ```
 */
export class BootstrapCache extends PeerCache implements AsyncDisposable {
  readonly #file: FileSettings;
  readonly #store: FileStore | undefined;
  readonly #fs: FileSystem;
  #saving: Promise<unknown> = Promise.resolve();
  #maintenance: Maintenance | undefined;
  #isClosed = false;
  #hasWarned = false;
  /** The file as we wrote it; while it is that one there is nothing to merge. */
  #ownFile: string | undefined;

  private constructor(core: Settings, file: FileSettings, fs: FileSystem) {
    super(core);
    this.#file = file;
    this.#fs = fs;
    this.#store = file.dir === undefined ? undefined : new FileStore(fs, file.dir, file.network, core.maxPeers);
  }

  /**
   * Opens a cache and loads what was saved. The content of files never makes it fail: unusable files
   * are set aside, the previous one is used, single bad entries are left out, each reported by
   * `quarantined` in the next turn of the event loop. A directory that cannot be used leaves the
   * cache in memory only, with a warning and `degraded`.
   * @param fileSystem Where files live, Node's by default; tests give one that fails where they want it to.
   * @throws TypeError for bad options.
   */
  static async open(options: BootstrapCacheOptions, fileSystem: FileSystem = nodeFileSystem): Promise<BootstrapCache> {
    const { core, file } = readOptions(options, systemClock, systemRandom);
    const cache = new BootstrapCache(core, file, fileSystem);
    if (TRACE && cache.#store !== undefined) cache.#store.traceLog = options.traceLog;
    await cache.#load();
    return cache;
  }

  /**
   * Saves: takes over what other processes saved, adds what this one saw, replaces the file. Calls
   * run one after the other; what changes during one is left for the next.
   * True when the file holds this cache's state; false without a directory or one that cannot be used.
   * @throws BootstrapCacheError BOOTSTRAP_CACHE_CLOSED, BOOTSTRAP_CACHE_LOCK_TIMEOUT,
   * BOOTSTRAP_CACHE_LOCK_LOST, BOOTSTRAP_CACHE_WRITE_FAILED such as for a full disk. Nothing is lost then: save again.
   */
  async save(): Promise<boolean> {
    if (this.#isClosed) throw new BootstrapCacheError('BOOTSTRAP_CACHE_CLOSED', 'the cache is closed: open it again to save');
    return await this.#enqueueSave(true);
  }

  /**
   * Starts saving (every 5 min if something changed), rescoring (hourly) and cleaning up (every 6 h).
   * It never keeps the process alive. Disposing stops it after a last save; `close` does so too.
   * @throws TypeError while it runs, BootstrapCacheError BOOTSTRAP_CACHE_CLOSED.
   */
  startMaintenance(): AsyncDisposable {
    if (this.#isClosed) throw new BootstrapCacheError('BOOTSTRAP_CACHE_CLOSED', 'the cache is closed: open it again to maintain it');
    if (this.#maintenance !== undefined) throw new TypeError('maintenance is running: dispose of it before starting it again');
    const maintenance = new Maintenance(this.state.settings.clock, this.#file, {
      save: async () => {
        if (this.state.isDirty) await this.#enqueueSave(false);
      },
      rescore: () => this.recalculateQuality(),
      cleanUp: () => void this.cleanUp(),
      onError: (error) => this.#degrade(error),
    });
    this.#maintenance = maintenance;
    return {
      [Symbol.asyncDispose]: async (): Promise<void> => {
        if (this.#maintenance === maintenance) this.#maintenance = undefined;
        await maintenance.stop();
      },
    };
  }

  /** Stops maintenance and saves what has not been saved. Afterwards the cache still answers, from memory. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const maintenance = this.#maintenance;
    this.#maintenance = undefined;
    await maintenance?.stop();
    await this.#saving;
    if (this.state.isDirty) await this.#enqueueSave(true);
  }

  /** `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #enqueueSave(keepAlive: boolean): Promise<boolean> {
    const run = this.#saving.then(() => this.#save(keepAlive));
    this.#saving = run.catch(() => undefined);
    return run;
  }

  async #load(): Promise<void> {
    const store = this.#store;
    if (store === undefined) return;
    const load = (): Promise<void> => this.#loadFrom(store);
    try {
      if (TRACE) return await traceStore(store, 'peers.open', load);
      await load();
    } catch (error) {
      this.#degrade(error);
    }
  }

  async #loadFrom(store: FileStore): Promise<void> {
    await this.#fs.makeDirectory(store.directory);
    // Sound files, the rule, need no lock. Setting one aside does: another process may be replacing it.
    const loaded = (await store.peek()) ?? (await this.#withLock(true, () => store.load(this.now())));
    await this.#take(loaded);
  }

  async #take(loaded: Loaded): Promise<void> {
    const refused = new Map<string, number>();
    if (loaded.image !== undefined) {
      const breather = new Breather();
      for (const _ of loadPeers(this.state, this.gate, loaded.image, this.now(), refused)) await breather.pause();
      this.state.scoredAt = this.now();
    }
    // After `open` has returned, so that its caller can listen.
    setImmediate(() => this.#report(loaded, refused));
  }

  #report({ quarantined }: Pick<Loaded, 'quarantined'>, refused: ReadonlyMap<string, number>): void {
    for (const { reason, path } of quarantined) this.events.emit({ type: 'quarantined', what: 'file', reason, path, entries: 0 });
    const path = this.#store?.names.current ?? '';
    for (const [reason, entries] of refused) this.events.emit({ type: 'quarantined', what: 'entries', reason, path, entries });
  }

  async #save(keepAlive: boolean): Promise<boolean> {
    const store = this.#store;
    if (store === undefined) return false;
    const save = async (): Promise<void> => {
      await this.#fs.makeDirectory(store.directory);
      await this.#withLock(keepAlive, (isHeld) => this.#saveLocked(store, isHeld));
    };
    try {
      if (TRACE) await traceStore(store, 'peers.save', save);
      else await save();
      this.isDegraded = false;
      return true;
    } catch (error) {
      if (UNUSABLE.has(codeOf(error) ?? '')) {
        this.#degrade(error);
        return false;
      }
      if (error instanceof BootstrapCacheError) throw error;
      throw new BootstrapCacheError('BOOTSTRAP_CACHE_WRITE_FAILED', `the cache could not be saved in ${store.directory}; its changes are kept for the next save`, { cause: error });
    }
  }

  async #saveLocked(store: FileStore, isHeld: () => Promise<boolean>): Promise<void> {
    const breather = new Breather();
    const identity = this.#ownFile === undefined ? undefined : await store.identify();
    const isOurs = identity !== undefined && identity.key === this.#ownFile;
    const loaded = isOurs ? { image: undefined, identity, quarantined: [] } : await store.load(this.now());
    const now = this.now();
    const maxPeers = Math.max(this.state.settings.maxPeers, loaded.image?.header.maxPeers ?? 0);
    const session = new SaveSession(this.state, this.gate, now, maxPeers);
    try {
      const sections: Uint8Array[] = [];
      for (const section of session.sections(loaded.image)) {
        if (section !== undefined) sections.push(section);
        await breather.pause();
      }
      const header: FileHeader = { network: this.#file.network, savedAt: now, maxPeers, peerSections: sections.length, peers: session.peers };
      const parts = frameFile(header, sections, encodeTombstones(this.state.tombstones, now), crc32);
      const written = await store.replace(parts, isHeld);
      // A file that holds more than we do must be read again before it is replaced.
      this.#ownFile = session.heldForOthers > 0 || session.peers > this.state.table.size ? undefined : written?.key;
      this.#report(loaded, session.refused);
      if (session.merged.added + session.merged.removed > 0) this.events.emit({ type: 'merged', ...session.merged });
      this.events.emit({ type: 'saved', peers: session.peers, bytes: parts.reduce((sum, part) => sum + part.length, 0) });
    } catch (error) {
      this.#ownFile = undefined;
      session.unsaved.putBack();
      throw error;
    }
  }

  async #withLock<T>(keepAlive: boolean, work: (isHeld: () => Promise<boolean>) => Promise<T>): Promise<T> {
    const lock = await this.#lock(this.#store!, keepAlive);
    try {
      return await work(() => lock.isHeld());
    } finally {
      await lock.release();
    }
  }

  async #lock(store: FileStore, keepAlive: boolean): Promise<HeldLock> {
    const take = (): Promise<HeldLock> => takeLock(this.#fs, store.directory, store.names.lock, { timeoutMs: this.#file.lockTimeoutMs, keepAlive });
    if (TRACE) return await traceWork(store.traceLog, 'peers.lock', take, store.traceContext);
    return await take();
  }

  /** Goes on in memory; one warning and one event per cache. */
  #degrade(cause: unknown): void {
    this.isDegraded = true;
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const error = new BootstrapCacheError('BOOTSTRAP_CACHE_DIRECTORY', `${this.#file.dir} cannot be used, the cache lives in memory only: ${String(cause)}`, { cause });
    process.emitWarning(error.message, { code: error.code, type: 'BootstrapCacheWarning' });
    setImmediate(() => this.events.emit({ type: 'degraded', error }));
  }
}

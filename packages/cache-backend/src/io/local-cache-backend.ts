import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TRACE } from '@p2p/trace';
import { CacheError, toCacheError } from '../errors.ts';
import { CacheEmitter, type CacheEvents } from '../events.ts';
import { checkDescription } from '../key.ts';
import { type LocalCacheOptions, type LocalSettings, readLocalOptions, readPruneOptions, readPutOptions } from '../options.ts';
import { withSeedJson } from '../schemas.ts';
import { traceCache, traceWork } from '../trace/traced-work.ts';
import type { BuildLock, CacheBackend, CacheCapabilities, CacheEntry, CacheHit, CacheStats, GetOptions, PruneOptions, PruneReport, PutOptions, RepairReport, VerifyMode, VerifyReport } from '../types.ts';
import { bytesOfPath, showPath } from './byte-path.ts';
import { errnoOf } from './errno.ts';
import type { Fault } from './faults.ts';
import { Inspection } from './inspection.ts';
import { LocalHit } from './local-hit.ts';
import { putTree } from './put-tree.ts';
import { hashKey } from './store/layout.ts';
import type { StoreHit } from './store/store.ts';
import type { OpenReport } from './thread/protocol.ts';
import { Thread } from './thread/thread.ts';
import { TreeThreads } from './tree-threads.ts';
import { Upkeep } from './upkeep.ts';

/** For tests: where to fail, and what the system is said to answer. */
export interface LocalInternals {
  readonly fault?: Fault | undefined;
  readonly fileSystemType?: number | undefined;
}

/** Index directories asked for at once by `list`. */
const SHARDS_PER_LIST = 16;
const BUILD_POLL_MS = 5;

/**
 * Directory trees in a directory of the local machine, shared by any number of processes.
 *
 * ```ts
 * const cache = await LocalCacheBackend.open({ dir: './cache' });
 * const hit = await cache.put('build:42', './dist', 'output of build 42');
 * await hit.release();
 * await cache.close();
 * ```
 */
export class LocalCacheBackend implements CacheBackend {
  readonly dir: string;
  readonly capabilities: CacheCapabilities;
  readonly #settings: LocalSettings;
  readonly #store: Thread;
  readonly #threads: TreeThreads;
  readonly #report: OpenReport;
  readonly #events: CacheEmitter;
  readonly #upkeep: Upkeep;
  readonly #inspection: Inspection;
  readonly #hits = new Set<LocalHit>();
  #hitCount = 0;
  #missCount = 0;
  #closing: Promise<void> | undefined;

  private constructor(dir: string, settings: LocalSettings, store: Thread, threads: TreeThreads, report: OpenReport, events: CacheEmitter, upkeep: Upkeep) {
    this.dir = dir;
    this.#settings = settings;
    this.#store = store;
    this.#threads = threads;
    this.#report = report;
    this.#events = events;
    this.#upkeep = upkeep;
    this.#inspection = new Inspection(dir, store, threads, report.abilities.xattrs, events);
    const { xattrs, canReflink } = report.abilities;
    this.capabilities = { pin: true, verify: true, repair: true, lockBuild: true, leases: true, ttl: true, xattrs, reflink: canReflink };
  }

  /**
   * Opens a cache directory, makes it if need be, and reclaims what dead processes left there.
   * @throws TypeError for bad options; CacheError CACHE_FORMAT, CACHE_LOCKS_UNSUPPORTED and those of the file system.
   */
  static async open(options: LocalCacheOptions, internals: LocalInternals = {}): Promise<LocalCacheBackend> {
    const settings = readLocalOptions(options);
    const open = (): Promise<LocalCacheBackend> => LocalCacheBackend.#open(settings, internals);
    if (TRACE) return await traceWork(settings.traceLog, 'cache.open', open);
    return await open();
  }

  static async #open(settings: LocalSettings, internals: LocalInternals): Promise<LocalCacheBackend> {
    const events = new CacheEmitter();
    let upkeep: Upkeep | undefined;
    const store = new Thread(
      { fault: internals.fault },
      {
        onTrash: () => upkeep?.emptyTrash(),
        onBackground: (error) => events.emit({ type: 'degraded', operation: 'background', error }),
      },
    );
    try {
      await makeDirectory(resolve(settings.dir));
      const dir = await fs.realpath(resolve(settings.dir));
      const { lockTimeoutMs, locks, graceMs, sync } = settings;
      const leaseFiles = locks === 'lease-files';
      const report = await store.request('open', {
        root: dir,
        settings: { lockTimeoutMs, leaseFiles, graceMs: leaseFiles ? graceMs : 0 },
        sync,
        fileSystemType: internals.fileSystemType,
      });
      const threads = new TreeThreads(settings.threads, internals.fault);
      upkeep = new Upkeep(bytesOfPath(dir), store, threads, settings.limits, events);
      const cache = new LocalCacheBackend(dir, settings, store, threads, report, events, upkeep);
      if (TRACE && settings.traceLog !== undefined) traceCache(settings.traceLog, cache, upkeep);
      upkeep.emptyTrash();
      if (report.owners + report.leftovers > 0) queueMicrotask(() => events.emit({ type: 'recovered', owners: report.owners, leftovers: report.leftovers }));
      return cache;
    } catch (error) {
      await store.request('close', {}).catch(() => undefined);
      await store.end();
      throw toCacheError(error, `cannot open ${settings.dir}`);
    }
  }

  async get(key: string, options: GetOptions = {}): Promise<CacheHit | undefined> {
    const hash = this.#enter(key, options.signal);
    const mode = options.verify ?? 'metadata';
    if (!['none', 'metadata', 'sampled', 'full'].includes(mode)) throw new TypeError(`verify: ${mode} is no mode`);
    const outcome = await this.#store.request('get', { hash, checks: mode !== 'none' });
    if ('hit' in outcome) {
      const hit = this.#newHit(outcome.hit);
      const problem = mode === 'sampled' || mode === 'full' ? await this.#inspection.verifyTree(outcome.hit.tree, mode).catch((error: unknown) => hit.release().then(() => Promise.reject(error))) : undefined;
      if (problem === undefined) {
        this.#hitCount++;
        this.#events.emit({ type: 'hit', key, tier: 'local' });
        if (options.signal?.aborted === true) await hit.release();
        options.signal?.throwIfAborted();
        return hit;
      }
      await hit.release();
      await this.#inspection.setAside(hash, outcome.hit.tree, key, problem);
    } else if (outcome.corrupt !== undefined) this.#events.emit({ type: 'quarantined', key, problem: outcome.corrupt });
    this.#missCount++;
    this.#events.emit({ type: 'miss', key });
    return undefined;
  }

  async put(key: string, sourceDir: string, description: string, options: PutOptions = {}): Promise<CacheHit> {
    const checked = readPutOptions(options);
    const hash = this.#enter(key, checked.signal);
    checkDescription(description);
    const context = { dir: this.dir, store: this.#store, threads: this.#threads, abilities: this.#report.abilities, maxBytes: this.#settings.limits?.maxBytes ?? Infinity };
    try {
      for (;;) {
        if (checked.ifAbsent === true) {
          const outcome = await this.#store.request('get', { hash, checks: true });
          if ('hit' in outcome) return this.#newHit(outcome.hit);
        }
        const stored = await putTree(context, { key, hash, sourceDir, description, options: checked });
        if (stored === undefined) continue;
        const hit = this.#newHit(stored);
        this.#events.emit({ type: 'put', key, sizeBytes: stored.entry.sizeBytes, sharedBytes: stored.entry.sharedBytes ?? 0 });
        this.#upkeep.noteGrowth(stored.entry.sizeBytes);
        return hit;
      }
    } catch (error) {
      throw checked.signal?.aborted === true ? error : toCacheError(error, `cannot put ${sourceDir}`);
    }
  }

  async invalidate(key: string): Promise<boolean> {
    return await this.#store.request('invalidate', { hash: this.#enter(key) });
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    this.#throwIfClosed();
    return await this.#upkeep.prune(readPruneOptions(options));
  }

  async *list(): AsyncGenerator<CacheEntry> {
    this.#throwIfClosed();
    for (let from = 0; from < 256; from += SHARDS_PER_LIST) {
      for (const entry of await this.#store.request('list', { from, to: from + SHARDS_PER_LIST })) yield withSeedJson(entry);
    }
  }

  async stats(): Promise<CacheStats> {
    let entryCount = 0;
    let totalBytes = 0;
    let allocatedBytes = 0;
    let sharedBytes = 0;
    for await (const entry of this.list()) {
      entryCount++;
      totalBytes += entry.sizeBytes;
      sharedBytes += entry.sharedBytes ?? 0;
      allocatedBytes += (entry.allocatedBytes ?? 0) - (entry.sharedBytes ?? 0);
    }
    return { entryCount, totalBytes, hits: this.#hitCount, misses: this.#missCount, allocatedBytes, sharedBytes };
  }

  async pin(key: string): Promise<boolean> {
    return await this.#store.request('pin', { hash: this.#enter(key), key });
  }

  async unpin(key: string): Promise<boolean> {
    return await this.#store.request('unpin', { hash: this.#enter(key) });
  }

  async verify(options: { key?: string | undefined; mode?: Exclude<VerifyMode, 'none'> | undefined; signal?: AbortSignal | undefined } = {}): Promise<VerifyReport> {
    this.#throwIfClosed();
    return await this.#inspection.verify(this, options);
  }

  async repair(options: { signal?: AbortSignal | undefined } = {}): Promise<RepairReport> {
    this.#throwIfClosed();
    const { corrupt } = await this.#inspection.verify(this, { mode: 'full', signal: options.signal });
    const { reclaimed, dropped, damaged } = await this.#store.request('sweep', {});
    await this.#upkeep.settle();
    const unknown = Array.from({ length: damaged }, () => ({ key: undefined, problem: 'its index entry is damaged' }));
    return { quarantined: [...corrupt, ...unknown], reclaimed, dropped };
  }

  async lockBuild(key: string, options: { signal?: AbortSignal | undefined } = {}): Promise<BuildLock> {
    const hash = this.#enter(key, options.signal);
    for (;;) {
      this.#throwIfClosed();
      const lock = await this.#store.request('lockBuild', { hash });
      if (lock !== undefined) {
        const release = async (): Promise<void> => void (this.#closing === undefined && (await this.#store.request('unlockBuild', { lock })));
        return { release, [Symbol.asyncDispose]: release };
      }
      await sleep(BUILD_POLL_MS + (randomBytes(1)[0] ?? 0) / 16, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }

  /** As of `CacheBackend`. Removed when it is put with `move`, when the cache is closed, or, once this process is dead, when it is opened next. */
  async makeBuildDir(): Promise<string> {
    this.#throwIfClosed();
    return showPath(await this.#store.request('newBuild', {}));
  }

  on<K extends keyof CacheEvents>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    return this.#events.on(type, listener, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    for (const hit of this.#hits) hit.forget();
    this.#hits.clear();
    await this.#upkeep.close();
    try {
      await this.#store.request('close', {});
    } finally {
      await this.#store.end();
      await this.#threads.close();
    }
  }

  #newHit(stored: StoreHit): LocalHit {
    const hit = new LocalHit(stored, async () => {
      this.#hits.delete(hit);
      if (this.#closing === undefined) await this.#store.request('release', { tree: stored.tree });
    });
    this.#hits.add(hit);
    return hit;
  }

  #enter(key: string, signal?: AbortSignal): string {
    const hash = hashKey(key);
    this.#throwIfClosed();
    signal?.throwIfAborted();
    return hash;
  }

  #throwIfClosed(): void {
    if (this.#closing !== undefined) throw new CacheError('CACHE_CLOSED', 'the cache is closed: open it again');
  }
}

async function makeDirectory(dir: string): Promise<void> {
  try {
    await fs.mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    // On a read-only file system that says that something is missing; this says what is.
    if (errnoOf(error) !== 'ENOENT') throw error;
    await fs.mkdir(dir, { mode: 0o700 });
  }
}

import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError, toCacheError } from '../../errors.ts';
import type { CacheEvents } from '../../events.ts';
import { checkSource } from '../../io/put-tree.ts';
import { hashKey } from '../../io/store/layout.ts';
import { TreeThreads } from '../../io/tree-threads.ts';
import { bytesOfPath } from '../../io/byte-path.ts';
import { checkDescription } from '../../key.ts';
import { readPruneOptions, readPutOptions } from '../../options.ts';
import type { Pointer } from '../../pointer.ts';
import type { BuildLock, CacheBackend, CacheCapabilities, CacheEntry, CacheHit, CacheStats, GetOptions, PruneOptions, PruneReport, PutOptions, RepairReport, VerifyMode, VerifyReport } from '../../types.ts';
import { DamagedBlob, dropDamaged } from './checked-blob.ts';
import { collectBlobs } from './collect.ts';
import { inBuildDir } from './in-build-dir.ts';
import { containerOf, LocalCopies } from './local-copies.ts';
import { pruneRemote } from './prune-remote.ts';
import { entryOf, RemoteHit } from './remote-hit.ts';
import type { IndexEntry, RemoteIndex } from './remote-index.ts';
import type { RemoteParts } from './remote-parts.ts';
import { checkRemoteTree, uploadTree } from './remote-trees.ts';

const MODES: readonly string[] = ['none', 'metadata', 'sampled', 'full'];
/** A tree that vanishes between lookup and download was replaced: looked up again so often. */
const TRIES = 5;
const BUILD_POLL_MS = 25;

/** Trees in a store that machines share, used through copies on this one. */
export class RemoteCache implements CacheBackend {
  readonly capabilities: CacheCapabilities;
  readonly #parts: RemoteParts;
  readonly #copies: LocalCopies;
  readonly #threads: TreeThreads;
  readonly #hits = new Set<RemoteHit>();
  #hitCount = 0;
  #missCount = 0;
  #closing: Promise<void> | undefined;

  protected constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.#threads = new TreeThreads(parts.threads, undefined);
    this.#copies = new LocalCopies(parts.local, parts.blobs, parts.maxBytes);
    this.capabilities = { pin: true, verify: true, repair: true, lockBuild: true, leases: parts.index.hasLeases, ttl: true, xattrs: parts.local.capabilities.xattrs === true, reflink: parts.local.capabilities.reflink === true };
  }

  async get(key: string, options: GetOptions = {}): Promise<CacheHit | undefined> {
    const hash = this.#enter(key, options.signal);
    const mode = options.verify ?? 'metadata';
    if (!MODES.includes(mode)) throw new TypeError(`verify: ${mode} is no mode`);
    const { index, tier, events } = this.#parts;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const lookup = await index.find(hash);
      if (lookup === undefined) break;
      if ('corrupt' in lookup) {
        await index.remove(hash, lookup.version);
        events.emit({ type: 'quarantined', key, problem: lookup.corrupt });
        break;
      }
      const { found, lease } = lookup;
      try {
        const local = await this.#copies.get(found.pointer.tree, mode, options.signal);
        this.#hitCount++;
        events.emit({ type: 'hit', key, tier });
        return this.#newHit(found, local, lease);
      } catch (error) {
        await lease.release();
        if (!(error instanceof DamagedBlob)) throw options.signal?.aborted === true ? error : toCacheError(error, `cannot fetch ${found.pointer.tree}`);
        if (await this.#setAside(found, error)) break;
      }
    }
    this.#missCount++;
    events.emit({ type: 'miss', key });
    return undefined;
  }

  async put(key: string, sourceDir: string, description: string, options: PutOptions = {}): Promise<CacheHit> {
    const checked = readPutOptions(options);
    const hash = this.#enter(key, checked.signal);
    checkDescription(description);
    try {
      for (;;) {
        if (checked.ifAbsent === true) {
          const there = await this.get(key, { signal: checked.signal });
          if (there !== undefined) return there;
        }
        const stored = await this.#store(hash, key, sourceDir, description, checked);
        if (stored === undefined) continue;
        this.#parts.events.emit({ type: 'put', key, sizeBytes: stored.entry.sizeBytes, sharedBytes: 0 });
        return stored;
      }
    } catch (error) {
      throw checked.signal?.aborted === true ? error : toCacheError(error, `cannot put ${sourceDir}`);
    }
  }

  async #store(hash: string, key: string, sourceDir: string, description: string, options: PutOptions): Promise<CacheHit | undefined> {
    const { local, index, blobs, graceMs } = this.#parts;
    const source = await checkSource(sourceDir, local.dir, options.move === true);
    const keepOwner = process.getuid?.() === 0 && options.owner !== 'ignore';
    const scan = { source: source.path, target: '', mode: 'scan', keepOwner, xattrs: local.capabilities.xattrs === true && options.xattrs !== 'ignore', special: options.special ?? 'refuse', pool: undefined, canReflink: false, isOwnTree: source.isOwnTree } as const;
    const summary = await inBuildDir(local, async (dir) => {
      let result: { digest: string; sizeBytes: number; files: number } | undefined;
      await this.#threads.copy(scan, bytesOfPath(dir), options.signal, async (job) => void (result = job.summary));
      return result;
    });
    if (summary === undefined) throw new CacheError('CACHE_CLOSED', 'the scan of the source ended without a result');
    const lease = await index.leaseTree(summary.digest);
    let copy: CacheHit | undefined;
    try {
      const { move, owner, xattrs, special, signal } = options;
      copy = await local.put(summary.digest, sourceDir, '', { move, owner, xattrs, special, signal });
      if (copy.entry.treeDigest !== summary.digest) {
        await copy.release();
        await local.invalidate(summary.digest);
        throw new CacheError('CACHE_SOURCE_CHANGED', `${sourceDir} changed while it was copied`, { path: sourceDir });
      }
      await uploadTree(blobs, index.gate, { tree: summary.digest, container: containerOf(copy), signal, renewAfterMs: graceMs / 2 });
      signal?.throwIfAborted();
      const now = await index.nowMs();
      const pointer: Pointer = {
        key,
        description,
        tree: summary.digest,
        sizeBytes: summary.sizeBytes,
        allocatedBytes: copy.entry.allocatedBytes ?? 0,
        sharedBytes: 0,
        files: summary.files,
        cachedAtMs: now,
        ...(options.ttlMs === undefined ? {} : { expiresAtMs: now + options.ttlMs }),
        ...(options.tags === undefined || options.tags.length === 0 ? {} : { tags: Array.from(new Set(options.tags)).sort() }),
      };
      const stored = await index.point(hash, pointer, { ifAbsent: options.ifAbsent === true, lease });
      if (stored !== undefined) return this.#newHit(stored, copy, lease);
    } catch (error) {
      await copy?.release();
      // What counts is why the put failed; the lease ends by itself.
      await lease.release().catch((failure: unknown) => this.#degraded('release', failure));
      throw error;
    }
    await copy.release();
    await lease.release();
    return undefined;
  }

  async invalidate(key: string): Promise<boolean> {
    return await this.#parts.index.remove(this.#enter(key));
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    this.#throwIfClosed();
    const checked = readPruneOptions(options);
    const { index, blobs, events, graceMs } = this.#parts;
    const report = await pruneRemote(index, blobs, checked);
    if (report.dryRun) return report;
    for (const victim of report.victims) events.emit({ type: 'evicted', ...victim });
    // The limits hold already; bytes that cannot be freed now are freed by the next one.
    await collectBlobs(blobs, index, graceMs, checked.signal).catch((error: unknown) => this.#degraded('collect', error));
    await index.sweep();
    return report;
  }

  async *list(): AsyncGenerator<CacheEntry> {
    for await (const entry of this.#entries()) yield entryOf(entry);
  }

  async stats(): Promise<CacheStats> {
    let entryCount = 0;
    let totalBytes = 0;
    for await (const { pointer } of this.#entries()) {
      entryCount++;
      totalBytes += pointer.sizeBytes;
    }
    return { entryCount, totalBytes, hits: this.#hitCount, misses: this.#missCount };
  }

  async pin(key: string): Promise<boolean> {
    return await this.#parts.index.pin(this.#enter(key));
  }

  async unpin(key: string): Promise<boolean> {
    return await this.#parts.index.unpin(this.#enter(key));
  }

  /** Checks what the store has, not the local copies: those are checked by `get`. */
  async verify(options: { key?: string | undefined; mode?: Exclude<VerifyMode, 'none'> | undefined; signal?: AbortSignal | undefined } = {}): Promise<VerifyReport> {
    this.#throwIfClosed();
    const { index, blobs, events } = this.#parts;
    const only = options.key === undefined ? undefined : hashKey(options.key);
    const corrupt: { key: string; problem: string }[] = [];
    let checked = 0;
    for await (const entry of index.list(options.signal)) {
      if (only !== undefined && entry.hash !== only) continue;
      if ('corrupt' in entry) {
        await index.remove(entry.hash, entry.version);
        events.emit({ type: 'quarantined', key: options.key, problem: entry.corrupt });
        continue;
      }
      checked++;
      try {
        await checkRemoteTree(blobs, entry.pointer.tree, options.mode ?? 'full', Math.random, options.signal);
      } catch (error) {
        if (!(error instanceof DamagedBlob)) throw error;
        if (await this.#setAside(entry, error)) corrupt.push({ key: entry.pointer.key, problem: error.message });
      }
    }
    return { checked, corrupt };
  }

  async repair(options: { signal?: AbortSignal | undefined } = {}): Promise<RepairReport> {
    const { corrupt } = await this.verify({ mode: 'full', signal: options.signal });
    const { index, blobs, graceMs } = this.#parts;
    const reclaimed = await collectBlobs(blobs, index, graceMs, options.signal);
    await index.sweep();
    return { quarantined: corrupt, reclaimed, dropped: 0 };
  }

  makeBuildDir(): Promise<string> {
    return this.#parts.local.makeBuildDir();
  }

  async lockBuild(key: string, options: { signal?: AbortSignal | undefined } = {}): Promise<BuildLock> {
    const hash = this.#enter(key, options.signal);
    for (;;) {
      this.#throwIfClosed();
      const turn = await this.#parts.index.tryBuild(hash);
      if (turn !== undefined) return { release: () => turn.release(), [Symbol.asyncDispose]: () => turn.release() };
      await sleep(BUILD_POLL_MS + randomInt(BUILD_POLL_MS), undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  }

  on<K extends keyof CacheEvents>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    return this.#parts.events.on(type, listener, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { index, local } = this.#parts;
    // A store that is away keeps leases until they expire; closing does not fail for it.
    const left = await Promise.allSettled(Array.from(this.#hits, (hit) => hit.release()));
    for (const result of left) if (result.status === 'rejected') this.#degraded('release', result.reason);
    await index.close().catch((error: unknown) => this.#degraded('close', error));
    await this.#threads.close();
    await local.close();
  }

  async *#entries(): AsyncGenerator<IndexEntry> {
    this.#throwIfClosed();
    const { index } = this.#parts;
    const now = await index.nowMs();
    for await (const entry of index.list()) if (!('corrupt' in entry) && (entry.pointer.expiresAtMs ?? Infinity) > now) yield entry;
  }

  /** Takes an entry out of service, and the blob that is at fault, so that the next put brings it anew. False: it was replaced meanwhile. */
  async #setAside(entry: IndexEntry, damage: DamagedBlob): Promise<boolean> {
    const { index, blobs, events } = this.#parts;
    if (!(await index.remove(entry.hash, entry.version))) return false;
    await dropDamaged(blobs, index.gate, damage);
    events.emit({ type: 'quarantined', key: entry.pointer.key, problem: damage.message });
    return true;
  }

  #newHit(found: IndexEntry, local: CacheHit, lease: Parameters<RemoteIndex['point']>[2]['lease']): RemoteHit {
    const hit = new RemoteHit(this.#parts.tier, found, local, lease, (released) => void this.#hits.delete(released));
    this.#hits.add(hit);
    return hit;
  }

  #degraded(operation: string, error: unknown): void {
    this.#parts.events.emit({ type: 'degraded', operation, error: error instanceof Error ? error : new Error(String(error)) });
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

import { CacheError } from '../../errors.ts';
import { CacheEmitter, type CacheEvents } from '../../events.ts';
import { hashKey } from '../../io/store/layout.ts';
import type { BuildLock, CacheBackend, CacheCapabilities, CacheEntry, CacheHit, CacheStats, GetOptions, PruneOptions, PruneReport, PutOptions, RepairReport, VerifyMode, VerifyReport } from '../../types.ts';

/** How two tiers work together. */
export interface TieredOptions {
  /** `through` (default): a put waits for the remote too. `back`: it goes on in the background; `close` waits for it. */
  readonly write?: 'through' | 'back' | undefined;
  /** What the remote serves is kept in the local tier. Default true. */
  readonly fillLocal?: boolean | undefined;
  /** How it is kept there, for a remote that is trusted less. What it serves is then served from the local tier only. */
  readonly fill?: Pick<PutOptions, 'owner' | 'xattrs'> | undefined;
  /** After a failure the remote is left alone for so long. Default 5 s. */
  readonly retryAfterMs?: number | undefined;
}

/** Errors that say what the caller did, or what the tree is: not that a tier failed. */
const CALLER_CODES = new Set(['CACHE_SOURCE_INVALID', 'CACHE_SOURCE_CHANGED', 'CACHE_SPECIAL_FILE', 'CACHE_CLOSED', 'CACHE_TOO_LARGE']);

/**
 * A near cache before a far one. Gets are answered by the near one where it can, without asking whether the far one has
 * something newer; puts and invalidations go to both, one at a time per key. When the far one fails the near one goes on
 * alone: counted in `stats().degraded`, told by the event `degraded`; what is put or invalidated meanwhile stays near.
 * `prune`, `list`, `stats`, pins, `verify` and `repair` are those of the near tier.
 */
export class TieredCacheBackend implements CacheBackend {
  readonly capabilities: CacheCapabilities;
  readonly #local: CacheBackend;
  readonly #remote: CacheBackend;
  readonly #options: TieredOptions;
  readonly #events = new CacheEmitter();
  readonly #pending = new Set<Promise<void>>();
  /** Per key, the last call that changes something. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #retryAtMs = 0;
  #degraded = 0;
  #hits = 0;
  #misses = 0;
  #isClosed = false;

  /** Owns both tiers: `close` closes them. @throws TypeError for bad options. */
  constructor(local: CacheBackend, remote: CacheBackend, options: TieredOptions = {}) {
    const { write = 'through', retryAfterMs = 0 } = options;
    if (!['through', 'back'].includes(write)) throw new TypeError("tiered options: write must be 'through' or 'back'");
    if (!Number.isSafeInteger(retryAfterMs) || retryAfterMs < 0) throw new TypeError('tiered options: retryAfterMs must be an integer from 0');
    this.#local = local;
    this.#remote = remote;
    this.#options = options;
    const { pin, verify, repair, leases, ttl, xattrs, reflink } = local.capabilities ?? {};
    this.capabilities = {
      ...(pin === undefined ? {} : { pin }),
      ...(verify === undefined ? {} : { verify }),
      ...(repair === undefined ? {} : { repair }),
      ...(leases === undefined ? {} : { leases }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(xattrs === undefined ? {} : { xattrs }),
      ...(reflink === undefined ? {} : { reflink }),
      lockBuild: local.capabilities?.lockBuild === true || remote.capabilities?.lockBuild === true,
    };
  }

  async get(key: string, options: GetOptions = {}): Promise<CacheHit | undefined> {
    const hash = this.#enter(key);
    const hit = (await this.#local.get(key, options)) ?? (await this.#exclusively(hash, options.signal, () => this.#getFar(key, options)));
    if (hit === undefined) this.#misses++;
    else this.#hits++;
    this.#events.emit(hit === undefined ? { type: 'miss', key } : { type: 'hit', key, tier: hit.tier });
    return hit;
  }

  async put(key: string, sourceDir: string, description: string, options: PutOptions = {}): Promise<CacheHit> {
    const hash = this.#enter(key);
    const near = await this.#exclusively(hash, options.signal, async () => {
      const there = options.ifAbsent === true ? ((await this.#local.get(key, { signal: options.signal })) ?? (await this.#getFar(key, { signal: options.signal }))) : undefined;
      if (there !== undefined) return there;
      const hit = await this.#local.put(key, sourceDir, description, options);
      try {
        if (this.#options.write !== 'back') await this.#send(key, hit, description, options);
        return hit;
      } catch (error) {
        await hit.release();
        throw error;
      }
    });
    if (this.#options.write === 'back') this.#sendLater(hash, key, near.entry.treeDigest, description, options);
    this.#events.emit({ type: 'put', key, sizeBytes: near.entry.sizeBytes, sharedBytes: near.entry.sharedBytes ?? 0 });
    return near;
  }

  async invalidate(key: string): Promise<boolean> {
    const hash = this.#enter(key);
    return await this.#exclusively(hash, undefined, async () => {
      const far = await this.#onRemote('invalidate', (remote) => remote.invalidate(key), false);
      const near = await this.#local.invalidate(key);
      return near || far;
    });
  }

  /** Prunes the near tier; the far one has limits of its own. */
  async prune(options: PruneOptions): Promise<PruneReport> {
    this.#throwIfClosed();
    return await this.#local.prune(options);
  }

  async *list(): AsyncGenerator<CacheEntry> {
    this.#throwIfClosed();
    yield* this.#local.list();
  }

  async stats(): Promise<CacheStats> {
    this.#throwIfClosed();
    return { ...(await this.#local.stats()), hits: this.#hits, misses: this.#misses, degraded: this.#degraded };
  }

  async pin(key: string): Promise<boolean> {
    this.#enter(key);
    return (await this.#local.pin?.(key)) ?? false;
  }

  async unpin(key: string): Promise<boolean> {
    this.#enter(key);
    return (await this.#local.unpin?.(key)) ?? false;
  }

  async verify(options: { key?: string | undefined; mode?: Exclude<VerifyMode, 'none'> | undefined; signal?: AbortSignal | undefined } = {}): Promise<VerifyReport> {
    this.#throwIfClosed();
    return (await this.#local.verify?.(options)) ?? { checked: 0, corrupt: [] };
  }

  async repair(options: { signal?: AbortSignal | undefined } = {}): Promise<RepairReport> {
    this.#throwIfClosed();
    return (await this.#local.repair?.(options)) ?? { quarantined: [], reclaimed: 0, dropped: 0 };
  }

  /** The remote's lock where it has one and answers, so that one builder works in the whole fleet; else the local one. */
  async lockBuild(key: string, options: { signal?: AbortSignal | undefined } = {}): Promise<BuildLock> {
    this.#enter(key);
    const far = this.#remote.lockBuild === undefined ? undefined : await this.#onRemote('lockBuild', (remote) => remote.lockBuild?.(key, options) ?? Promise.resolve(undefined), undefined);
    const lock = far ?? (await this.#local.lockBuild?.(key, options));
    if (lock !== undefined) return lock;
    const release = async (): Promise<void> => {};
    return { release, [Symbol.asyncDispose]: release };
  }

  async makeBuildDir(): Promise<string | undefined> {
    this.#throwIfClosed();
    return await this.#local.makeBuildDir?.();
  }

  on<K extends keyof CacheEvents>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    return this.#events.on(type, listener, options);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#pending);
    const closed = await Promise.allSettled([this.#local.close(), this.#remote.close()]);
    if (closed[1].status === 'rejected') this.#noteFailure('close', closed[1].reason);
    if (closed[0].status === 'rejected') throw closed[0].reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What the far tier has, kept in the near one. */
  async #getFar(key: string, options: GetOptions): Promise<CacheHit | undefined> {
    // Another caller may have brought it while this one waited.
    const near = await this.#local.get(key, options);
    if (near !== undefined) return near;
    const far = await this.#onRemote('get', (remote) => remote.get(key, options), undefined);
    if (far === undefined || this.#options.fillLocal === false) return far;
    const { description, tags, expiresAtMs } = far.entry;
    const ttlMs = expiresAtMs === undefined ? undefined : Math.max(1, expiresAtMs - Date.now());
    try {
      const kept = await this.#local.put(key, far.path, description, { ...this.#options.fill, tags, ttlMs, signal: options.signal });
      await far.release();
      const release = (): Promise<void> => kept.release();
      return { path: kept.path, entry: kept.entry, tier: far.tier, release, [Symbol.asyncDispose]: release };
    } catch (error) {
      // What it served is as good.
      if (options.signal?.aborted !== true) {
        this.#noteFailure('fill', error);
        if (this.#options.fill === undefined) return far;
        await far.release();
        return undefined;
      }
      await far.release();
      throw error;
    }
  }

  /** From the near copy: the source may be gone by now, and cannot have changed there. */
  async #send(key: string, near: CacheHit, description: string, options: PutOptions): Promise<void> {
    const { ttlMs, tags, owner, xattrs, special, signal } = options;
    const hit = await this.#onRemote('put', (remote) => remote.put(key, near.path, description, { ttlMs, tags, owner, xattrs, special, signal }), undefined);
    await hit?.release();
  }

  /** In the background, if the near tier still has that tree when its turn comes. */
  #sendLater(hash: string, key: string, treeDigest: string | undefined, description: string, options: PutOptions): void {
    const { signal: _signal, ...rest } = options;
    const sending = this.#exclusively(hash, undefined, async () => {
      const near = await this.#local.get(key, { verify: 'none' });
      try {
        if (near !== undefined && near.entry.treeDigest === treeDigest) await this.#send(key, near, description, rest);
      } finally {
        await near?.release();
      }
    }).catch((error: unknown) => this.#noteFailure('put', error));
    this.#pending.add(sending);
    void sending.finally(() => this.#pending.delete(sending));
  }

  /** One at a time for a key, in this process and, where the near tier has locks, among processes: what the far tier served a moment ago must not come back after an invalidation. */
  async #exclusively<T>(hash: string, signal: AbortSignal | undefined, fn: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(hash) ?? Promise.resolve();
    const turn = before.then(async () => {
      signal?.throwIfAborted();
      const lock = await this.#local.lockBuild?.(`tiered ${hash}`, { signal });
      try {
        return await fn();
      } finally {
        await lock?.release();
      }
    });
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#turns.set(hash, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(hash) === settled) this.#turns.delete(hash);
    }
  }

  /** Asks the remote, unless it failed a moment ago. */
  async #onRemote<T>(operation: string, ask: (remote: CacheBackend) => Promise<T>, otherwise: T): Promise<T> {
    if (Date.now() < this.#retryAtMs) {
      this.#degraded++;
      return otherwise;
    }
    try {
      return await ask(this.#remote);
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: unknown };
      if (error instanceof TypeError || name === 'AbortError' || name === 'TimeoutError' || code === 'CACHE_CLOSED') throw error;
      if (typeof code === 'string' && CALLER_CODES.has(code)) {
        if (operation !== 'get') throw error;
        // What it has under this key is of no use here; what it has under others may be.
        this.#noteFailure(operation, error);
        return otherwise;
      }
      this.#retryAtMs = Date.now() + (this.#options.retryAfterMs ?? 5_000);
      this.#noteFailure(operation, error);
      return otherwise;
    }
  }

  #noteFailure(operation: string, error: unknown): void {
    this.#degraded++;
    this.#events.emit({ type: 'degraded', operation, error: error instanceof Error ? error : new Error(String(error)) });
  }

  #enter(key: string): string {
    const hash = hashKey(key);
    this.#throwIfClosed();
    return hash;
  }

  #throwIfClosed(): void {
    if (this.#isClosed) throw new CacheError('CACHE_CLOSED', 'the cache is closed: open it again');
  }
}

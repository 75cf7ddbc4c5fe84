import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError } from '../../errors.ts';
import { MAX_POINTER_BYTES, type Pointer } from '../../pointer.ts';
import { inParallel } from '../remote/in-parallel.ts';
import type { BuildTurn, IndexEntry, Lookup, RemoteIndex, RemovalGate, TreeLease } from '../remote/remote-index.ts';
import { AccessLog } from './access-log.ts';
import type { Bucket } from './bucket.ts';
import { formatGone, formatS3Pointer, parseS3Pointer, type S3Pointer } from './s3-pointer.ts';
import { type HeldLock, S3Locks } from './s3-locks.ts';

const UNDER = 'keys/';
const HASH = /^[0-9a-f]{64}$/;
const TRIES = 100;
const PARALLEL = 16;
const NO_LEASE: TreeLease = { token: '0', release: async () => {} };

interface Seen {
  readonly content: S3Pointer;
  readonly etag: string;
}

/** The shared index as objects `keys/<hash>`, each replaced only on condition. It knows nothing of who uses a tree. */
export class S3Index implements RemoteIndex {
  readonly hasLeases = false;
  readonly gate: RemovalGate;
  readonly #bucket: Bucket;
  readonly #now: () => number;
  readonly #access: AccessLog;
  readonly #locks: S3Locks;
  readonly #canRemoveIf: boolean;
  readonly #builds = new Map<string, HeldLock>();
  /** Objects that a listing need not fetch again, by version. */
  #known = new Map<string, Seen>();

  constructor(bucket: Bucket, nowMs: () => number, lockMs: number, canRemoveIf: boolean, onBackground: (error: unknown) => void) {
    this.#bucket = bucket;
    this.#now = nowMs;
    this.#canRemoveIf = canRemoveIf;
    this.#access = new AccessLog(bucket, nowMs, onBackground);
    this.#locks = new S3Locks(bucket, lockMs, canRemoveIf);
    this.gate = {
      epoch: (signal) => this.#locks.epoch('turn', signal),
      turn: async (fn) => {
        const lock = await this.#locks.tryTake('turn', true);
        if (lock === undefined) return false;
        try {
          await fn(() => lock.isMine());
        } finally {
          await lock.release();
        }
        return true;
      },
    };
  }

  async find(hash: string): Promise<Lookup> {
    const seen = await this.#read(hash);
    if (seen === undefined || seen.content === 'gone') return undefined;
    if (seen.content === 'corrupt') return { corrupt: 'its index entry is damaged', version: seen.etag };
    const { pointer, isPinned } = seen.content;
    if (this.#isExpired(pointer)) return undefined;
    return { found: { hash, pointer, version: seen.etag, accessedUs: this.#access.touch(hash), isPinned }, lease: NO_LEASE };
  }

  async leaseTree(): Promise<TreeLease> {
    return NO_LEASE;
  }

  async point(hash: string, pointer: Pointer, { ifAbsent }: { ifAbsent: boolean }): Promise<IndexEntry | undefined> {
    const build = this.#builds.get(hash);
    if (build?.isMine() === false) throw new CacheError('CACHE_LEASE_LOST', 'the right to build this key ended, as it was not renewed in time: another one may build it');
    let isOver = false;
    let isPinned = false;
    const version = await this.#replace(hash, (seen) => {
      const before = seen === undefined || typeof seen.content === 'string' ? undefined : seen.content;
      isOver = ifAbsent && before !== undefined && !this.#isExpired(before.pointer);
      isPinned = before?.isPinned ?? false;
      return isOver ? undefined : formatS3Pointer(pointer, isPinned, nonce());
    });
    if (isOver || version === undefined) return undefined;
    return { hash, pointer, version, accessedUs: this.#access.touch(hash), isPinned };
  }

  async remove(hash: string, version?: string): Promise<boolean> {
    let wasLive = false;
    const gone = await this.#replace(hash, (seen) => {
      wasLive = false;
      if (seen === undefined || seen.content === 'gone' || (version !== undefined && seen.etag !== version)) return undefined;
      wasLive = seen.content === 'corrupt' || !this.#isExpired(seen.content.pointer);
      return formatGone(nonce());
    });
    // The mark has done its work; whoever puts meanwhile replaces it.
    if (gone !== undefined && this.#canRemoveIf) await this.#bucket.removeIf(UNDER + hash, gone);
    return gone !== undefined && wasLive;
  }

  async evict(entry: IndexEntry): Promise<'evicted' | 'leased' | 'changed'> {
    const isExpired = this.#isExpired(entry.pointer);
    if (!isExpired && this.#access.isLater(entry.hash, entry.accessedUs)) return 'changed';
    return (await this.remove(entry.hash, entry.version)) || isExpired ? 'evicted' : 'changed';
  }

  async leasedTrees(): Promise<ReadonlySet<string>> {
    return new Set();
  }

  async *list(signal?: AbortSignal): AsyncGenerator<IndexEntry | { corrupt: string; hash: string; version: string }> {
    await this.#access.flush();
    const { last } = await this.#access.read();
    const hashes = new Map<string, string>();
    for await (const { name, etag } of this.#bucket.list(UNDER)) {
      signal?.throwIfAborted();
      const hash = name.slice(UNDER.length);
      if (HASH.test(hash)) hashes.set(hash, etag);
    }
    const known = new Map<string, Seen>();
    await inParallel(hashes, PARALLEL, async ([hash, etag]) => {
      signal?.throwIfAborted();
      const before = this.#known.get(hash);
      const seen = before?.etag === etag ? before : await this.#read(hash);
      if (seen !== undefined) known.set(hash, seen);
    });
    this.#known = known;
    for (const [hash, { content, etag }] of known) {
      if (content === 'gone') continue;
      if (content === 'corrupt') yield { corrupt: 'its index entry is damaged', hash, version: etag };
      else yield { hash, pointer: content.pointer, version: etag, accessedUs: last.get(hash) ?? content.pointer.cachedAtMs * 1000, isPinned: content.isPinned };
    }
  }

  async pin(hash: string): Promise<boolean> {
    return await this.#setPinned(hash, true);
  }

  async unpin(hash: string): Promise<boolean> {
    return await this.#setPinned(hash, false);
  }

  async tryBuild(hash: string): Promise<BuildTurn | undefined> {
    const lock = await this.#locks.tryTake(`builds/${hash}`);
    if (lock === undefined) return undefined;
    this.#builds.set(hash, lock);
    return {
      release: async () => {
        if (this.#builds.get(hash) === lock) this.#builds.delete(hash);
        await lock.release();
      },
    };
  }

  async nowMs(): Promise<number> {
    return Math.floor(this.#now());
  }

  async sweep(): Promise<void> {
    await this.#access.flush();
    const hashes = new Set<string>();
    for await (const { name } of this.#bucket.list(UNDER)) hashes.add(name.slice(UNDER.length));
    await this.#access.sweep((hash) => hashes.has(hash));
  }

  async close(): Promise<void> {
    await this.#access.flush();
    await this.#locks.close();
  }

  async #setPinned(hash: string, isPinned: boolean): Promise<boolean> {
    let did = false;
    await this.#replace(hash, (seen) => {
      did = false;
      if (seen === undefined || typeof seen.content === 'string' || this.#isExpired(seen.content.pointer)) return undefined;
      did = isPinned || seen.content.isPinned;
      return seen.content.isPinned === isPinned ? undefined : formatS3Pointer(seen.content.pointer, isPinned, nonce());
    });
    return did;
  }

  /** Replaces a key's object by what `next` makes of it, however many others do so; its new version, or undefined when `next` wants nothing. */
  async #replace(hash: string, next: (seen: Seen | undefined) => string | undefined): Promise<string | undefined> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const seen = await this.#read(hash);
      const text = next(seen);
      if (text === undefined) return undefined;
      const etag = await this.#bucket.putIf(UNDER + hash, text, seen?.etag);
      if (etag !== undefined) return etag;
      await sleep(Math.floor(Math.random() * Math.min(200, 5 * (attempt + 1))));
    }
    throw new CacheError('CACHE_REMOTE', `others wrote the same key ${TRIES} times in a row`);
  }

  async #read(hash: string): Promise<Seen | undefined> {
    const object = await this.#bucket.get(UNDER + hash, MAX_POINTER_BYTES);
    return object === undefined ? undefined : { content: parseS3Pointer(hash, object.text), etag: object.etag };
  }

  #isExpired(pointer: Pointer): boolean {
    return pointer.expiresAtMs !== undefined && pointer.expiresAtMs <= this.#now();
  }
}

function nonce(): string {
  return randomBytes(16).toString('hex');
}

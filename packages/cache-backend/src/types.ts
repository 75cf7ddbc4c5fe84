import type { CacheEvents } from './events.ts';

/** How thoroughly an entry is looked at before it is served. `none` trusts the index, `metadata` checks index and seal of the
 * tree in constant time, `sampled` also reads some of its files, `full` reads all of it and refuses anything that should not be there. */
export type VerifyMode = 'none' | 'metadata' | 'sampled' | 'full';

/** One cached tree as the index knows it. Times are Unix milliseconds. */
export interface CacheEntry {
  /** Opaque: never a path. */
  readonly key: string;
  readonly description: string;
  /** Apparent bytes of all regular files, each hardlink group once. */
  readonly sizeBytes: number;
  readonly cachedAtMs: number;
  readonly lastAccessedMs: number;
  /** Bytes that the tree's files take on disk; absent where the backend cannot know. */
  readonly allocatedBytes?: number;
  /** The part of `allocatedBytes` that other trees already held when this one came. */
  readonly sharedBytes?: number;
  /** Content address of the tree, hex. */
  readonly treeDigest?: string;
  readonly tags?: readonly string[];
  /** After this time the entry is a miss. */
  readonly expiresAtMs?: number;
  readonly pinned?: boolean;
}

/** The cache as a whole. */
export interface CacheStats {
  readonly entryCount: number;
  /** Apparent bytes, summed over entries. */
  readonly totalBytes: number;
  /** Of this instance since it was opened. */
  readonly hits?: number;
  readonly misses?: number;
  /** Bytes on disk, what trees share counted once. */
  readonly allocatedBytes?: number;
  readonly sharedBytes?: number;
  /** Of a tiered cache: operations that went on without the remote. */
  readonly degraded?: number;
}

/** A cached tree, leased until it is released: nothing removes it before that, unless the process dies. */
export interface CacheHit extends AsyncDisposable {
  /** Directory of the tree. Read-only by contract: `materialize` gives one that may be written. */
  readonly path: string;
  readonly entry: CacheEntry;
  /** Which tier served it, such as `local`. */
  readonly tier: string;
  /** Gives the lease back. Safe to call twice. */
  release(): Promise<void>;
}

export interface GetOptions {
  /** Default `metadata`. */
  readonly verify?: VerifyMode | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions {
  /** The entry is a miss after so many ms, at least 1. Default: never. */
  readonly ttlMs?: number | undefined;
  /** At most 64 of at most 256 characters each; `prune` can keep by tag. */
  readonly tags?: readonly string[] | undefined;
  /** Leave an existing entry as it is and return it. Default false: replace. */
  readonly ifAbsent?: boolean | undefined;
  /** The source may be consumed: renamed where possible, removed otherwise. After a failure it may be gone. Default false. */
  readonly move?: boolean | undefined;
  /** Owners of files are kept when the process is root (default), or become the process's. */
  readonly owner?: 'keep-if-root' | 'ignore' | undefined;
  /** Extended attributes are kept where the backend can (default), or left out. */
  readonly xattrs?: 'keep' | 'ignore' | undefined;
  /** FIFOs, sockets and devices: refused (default), or made anew in the cache without being opened. */
  readonly special?: 'refuse' | 'keep' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Limits that shall hold after a prune; what is left out does not limit. */
export interface PruneOptions {
  readonly maxEntries?: number | undefined;
  /** Of apparent bytes. */
  readonly maxBytes?: number | undefined;
  /** Evicts what was not accessed for longer. */
  readonly maxAgeMs?: number | undefined;
  /** Evicts until the file system has so many bytes free. */
  readonly minFreeBytes?: number | undefined;
  /** Entries with one of these tags stay. */
  readonly keepTags?: readonly string[] | undefined;
  /** Once a limit is exceeded, evict down to this share of it, in (0, 1]. Default 1. */
  readonly lowWatermark?: number | undefined;
  /** Report only. */
  readonly dryRun?: boolean | undefined;
  /** Looked at before anything is evicted. */
  readonly signal?: AbortSignal | undefined;
}

export type EvictionReason = 'expired' | 'max-age' | 'max-entries' | 'max-bytes' | 'min-free';
export type SkipReason = 'leased' | 'pinned' | 'tagged' | 'failed';

export interface PruneReport {
  readonly evicted: number;
  /** Least recently accessed first. */
  readonly victims: readonly { readonly key: string; readonly sizeBytes: number; readonly reason: EvictionReason }[];
  /** Bytes on disk that are free once the trash is emptied; an estimate where trees share files. */
  readonly freedBytes: number;
  readonly skipped: readonly { readonly key: string; readonly reason: SkipReason; readonly code?: string }[];
  /** False when entries that may not be removed keep a limit from holding. */
  readonly limitsHold: boolean;
  readonly dryRun: boolean;
}

export interface VerifyReport {
  /** Entries looked at. */
  readonly checked: number;
  readonly corrupt: readonly { readonly key: string; readonly problem: string }[];
}

export interface RepairReport {
  /** Entries whose tree was damaged: set aside, now a miss. */
  readonly quarantined: readonly { readonly key: string | undefined; readonly problem: string }[];
  /** Trees and files that nothing referred to. */
  readonly reclaimed: number;
  /** Index entries without a tree. */
  readonly dropped: number;
}

/** What a backend can do beyond the six methods. Missing means no. */
export interface CacheCapabilities {
  /** Directory entries are kept as bytes, whatever they are, and so on. */
  readonly pin?: boolean;
  readonly verify?: boolean;
  readonly repair?: boolean;
  /** `lockBuild`: `getOrCreate` has one builder among all processes. */
  readonly lockBuild?: boolean;
  /** Extended attributes are kept. */
  readonly xattrs?: boolean;
  /** Files can be cloned without copying bytes. */
  readonly reflink?: boolean;
  /** A hit's lease outlives concurrent prunes and replacements by other processes. */
  readonly leases?: boolean;
  readonly ttl?: boolean;
}

/** The exclusive right to build one key. */
export interface BuildLock extends AsyncDisposable {
  release(): Promise<void>;
}

/**
 * Directory trees under opaque keys. A key is 1 byte to 64 KiB of UTF-8; anything else is a TypeError. Every method
 * may be called at any time by any number of callers; `CacheError` CACHE_CLOSED after `close`.
 * The first six methods and `close` are all that an implementer owes; the others go with a capability.
 */
export interface CacheBackend extends AsyncDisposable {
  /** The tree under a key, leased, or undefined. Marks it as accessed. Content that turns out damaged is set aside and is a miss. */
  get(key: string, options?: GetOptions): Promise<CacheHit | undefined>;
  /**
   * Stores a copy of a directory, replacing what the key had: at once for new readers, while older ones keep what they
   * hold. The hit's path may differ from `sourceDir`.
   * @throws CacheError when the source changes meanwhile or holds what cannot be kept, when the disk is full, …: the old entry stays.
   */
  put(key: string, sourceDir: string, description: string, options?: PutOptions): Promise<CacheHit>;
  /** Removes an entry; false when there was none. Trees in use go when they are released. */
  invalidate(key: string): Promise<boolean>;
  /** Evicts least recently accessed entries until all limits hold; never leased or pinned ones. */
  prune(options: PruneOptions): Promise<PruneReport>;
  /** All entries, in no particular order. */
  list(): AsyncIterable<CacheEntry>;
  stats(): Promise<CacheStats>;
  /** Ends the instance: its leases are given back. The entries stay. Safe to call twice. */
  close(): Promise<void>;

  readonly capabilities?: CacheCapabilities;
  /** Keeps an entry from being pruned, across restarts; false when there is no such entry. */
  pin?(key: string): Promise<boolean>;
  /** Takes a pin away; false when there was none. */
  unpin?(key: string): Promise<boolean>;
  /** Checks one entry or all; damaged ones are set aside. Default mode `full`. */
  verify?(options?: { readonly key?: string | undefined; readonly mode?: Exclude<VerifyMode, 'none'> | undefined; readonly signal?: AbortSignal | undefined }): Promise<VerifyReport>;
  /** Verifies everything in full and reclaims what nothing refers to. */
  repair?(options?: { readonly signal?: AbortSignal | undefined }): Promise<RepairReport>;
  /** Waits for the exclusive right to build a key; it ends with the process at the latest. */
  lockBuild?(key: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<BuildLock>;
  /** An empty directory for a builder, on the file system of the trees where `put` with `move` takes it; what a process that dies leaves there goes by itself. `getOrCreate` asks for it. */
  makeBuildDir?(): Promise<string | undefined>;
  on?<K extends keyof CacheEvents>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable;
}

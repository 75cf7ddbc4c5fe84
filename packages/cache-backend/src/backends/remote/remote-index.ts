import type { Pointer } from '../../pointer.ts';

/** A key's entry as the shared index has it. */
export interface IndexEntry {
  readonly hash: string;
  readonly pointer: Pointer;
  /** Changes with every put of the key. */
  readonly version: string;
  readonly accessedUs: number;
  readonly isPinned: boolean;
}

/** Protects a tree's bytes until it is released or not renewed. Lost ones say so to nobody: what needs them asks the index. */
export interface TreeLease {
  /** Fencing token: larger with every lease. */
  readonly token: string;
  release(): Promise<void>;
}

/** What a lookup found. `corrupt`: something is there and makes no sense; `version` is its own. */
export type Lookup = { readonly found: IndexEntry; readonly lease: TreeLease } | { readonly corrupt: string; readonly version: string } | undefined;

export interface BuildTurn {
  release(): Promise<void>;
}

/** Who may remove blobs, and how writers notice. */
export interface RemovalGate {
  /** How often removals took place, once none is under way. Writers who see the same number before and after lost nothing. */
  epoch(signal?: AbortSignal): Promise<string>;
  /** Calls `fn` while this process alone may remove; it must ask `isMine` before each removal. False: another one is at it. */
  turn(fn: (isMine: () => boolean) => Promise<void>): Promise<boolean>;
}

/** The index that all machines share: which tree a key leads to. Every method fails with CACHE_REMOTE when it cannot be reached. */
export interface RemoteIndex {
  readonly gate: RemovalGate;
  /** Whether trees in use are known to all: `TreeLease` does something. */
  readonly hasLeases: boolean;
  /** The entry of a key with a lease on its tree; marks it as accessed. Expired entries are not found. */
  find(hash: string): Promise<Lookup>;
  /** Protects a tree that is about to be uploaded. */
  leaseTree(tree: string): Promise<TreeLease>;
  /**
   * Lets a key lead to a tree. Undefined with `ifAbsent` when the key has an entry.
   * @throws CacheError CACHE_LEASE_LOST when the lease was lost, or the right to build the key that this instance holds.
   */
  point(hash: string, pointer: Pointer, options: { ifAbsent: boolean; lease: TreeLease }): Promise<IndexEntry | undefined>;
  /** Removes an entry, with `version` only that one. True when it did, and it was not expired. */
  remove(hash: string, version?: string): Promise<boolean>;
  /** Removes what is known as `version`, unless its tree is in use. */
  evict(entry: IndexEntry): Promise<'evicted' | 'leased' | 'changed'>;
  /** Trees that somebody uses or uploads. */
  leasedTrees(): Promise<ReadonlySet<string>>;
  /** All entries, expired ones too. `corrupt` are those that make no sense. */
  list(signal?: AbortSignal): AsyncIterable<IndexEntry | { readonly corrupt: string; readonly hash: string; readonly version: string }>;
  pin(hash: string): Promise<boolean>;
  unpin(hash: string): Promise<boolean>;
  /** The exclusive right to build a key, or undefined when another one has it. */
  tryBuild(hash: string): Promise<BuildTurn | undefined>;
  /** Now, by the clock that decides on expiry. */
  nowMs(): Promise<number>;
  /** Tidies up what is its own. */
  sweep(): Promise<void>;
  close(): Promise<void>;
}

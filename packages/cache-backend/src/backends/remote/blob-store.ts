/** Where bytes come from: a part of a file or a buffer. */
export interface BlobSource {
  readonly sizeBytes: number;
  /** Bytes from `start` on, `length` of them. May be asked for again after a failure. */
  read(start: number, length: number): Promise<Uint8Array>;
}

/** What a store knows of a blob without reading it. */
export interface BlobState {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Since it was last written or renewed, by the store's own clock. */
  readonly ageMs: number;
}

/**
 * Bytes by their SHA-256 in hex. Failures are CacheErrors CACHE_REMOTE, or those of the file system. A store need not check
 * digests: the cache does so itself on everything that it reads.
 */
export interface BlobStore {
  /** The state of one blob, undefined when it is not there. Consistent: sees every write that has returned. */
  stat(digest: string): Promise<BlobState | undefined>;
  /** Stores a blob; over one that is there already too. Its age begins anew. Whole or not at all. */
  write(digest: string, source: BlobSource, signal?: AbortSignal): Promise<void>;
  /** Begins the age of a blob anew, without its bytes where the store can; false when it is gone or was not renewed. */
  renew(digest: string): Promise<boolean>;
  /** The bytes of a blob; undefined when it is not there. */
  read(digest: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** All blobs. May lag behind. */
  list(): AsyncIterable<BlobState>;
  remove(digest: string): Promise<void>;
  /** Frees what uploads that never ended left behind, older than this. */
  dropUnfinished?(olderThanMs: number): Promise<number>;
  /** Free bytes, where the store has an end. */
  freeBytes?(): Promise<number>;
}

/** What names blobs. */
export const BLOB_NAME: RegExp = /^[0-9a-f]{64}$/;

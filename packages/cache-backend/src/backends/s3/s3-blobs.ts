import { BLOB_NAME, type BlobSource, type BlobState, type BlobStore } from '../remote/blob-store.ts';
import type { Bucket } from './bucket.ts';

const PART_BYTES = 16 * 1024 * 1024;
const MAX_PARTS = 9_999;
const UNDER = 'blobs/';

/** Blobs as objects `blobs/<digest>`. */
export class S3Blobs implements BlobStore {
  readonly #bucket: Bucket;
  readonly #nowMs: () => number;

  /** @param nowMs Now by the store's clock. */
  constructor(bucket: Bucket, nowMs: () => number) {
    this.#bucket = bucket;
    this.#nowMs = nowMs;
  }

  async stat(digest: string): Promise<BlobState | undefined> {
    const state = await this.#bucket.head(nameOf(digest));
    return state === undefined ? undefined : { digest, sizeBytes: state.sizeBytes, ageMs: this.#nowMs() - state.modifiedMs };
  }

  async write(digest: string, source: BlobSource, signal?: AbortSignal): Promise<void> {
    const { sizeBytes } = source;
    if (sizeBytes <= PART_BYTES) return await this.#bucket.put(nameOf(digest), await source.read(0, sizeBytes), signal);
    const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS));
    const parts = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < sizeBytes; at += partBytes) yield await source.read(at, Math.min(partBytes, sizeBytes - at));
    };
    await this.#bucket.putParts(nameOf(digest), parts(), signal);
  }

  async renew(digest: string): Promise<boolean> {
    return await this.#bucket.renew(nameOf(digest));
  }

  async read(digest: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    return await this.#bucket.stream(nameOf(digest), signal);
  }

  async *list(): AsyncGenerator<BlobState> {
    for await (const { name, sizeBytes, modifiedMs } of this.#bucket.list(UNDER)) {
      const digest = name.slice(UNDER.length);
      if (BLOB_NAME.test(digest)) yield { digest, sizeBytes, ageMs: this.#nowMs() - modifiedMs };
    }
  }

  async remove(digest: string): Promise<void> {
    await this.#bucket.remove(nameOf(digest));
  }

  async dropUnfinished(olderThanMs: number): Promise<number> {
    return await this.#bucket.abortUploads(UNDER, this.#nowMs() - olderThanMs);
  }
}

function nameOf(digest: string): string {
  if (!BLOB_NAME.test(digest)) throw new TypeError(`${digest} names no blob`);
  return UNDER + digest;
}

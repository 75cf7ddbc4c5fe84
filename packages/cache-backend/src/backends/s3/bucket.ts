import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { setTimeout as sleep } from 'node:timers/promises';
import { remoteError } from '../remote/checked-blob.ts';
import { readBody } from './read-body.ts';

const CONFLICT_TRIES = 8;
const READ_TRIES = 3;
const CONFLICT_WAIT_MS = 20;

/** An object as a listing or HEAD shows it. */
export interface ObjectState {
  readonly name: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
}

/** Where a cache lives in S3. */
export interface S3Place {
  /** Of `@aws-sdk/client-s3`; it stays yours to destroy. Its own retries apply. */
  readonly client: Pick<S3Client, 'send'>;
  readonly bucket: string;
  /** Put before every name, such as `team/cache/`. Default none. */
  readonly prefix?: string | undefined;
  /** A request without an answer for so long failed. Default 30 s. */
  readonly timeoutMs?: number | undefined;
}

/** The requests that are needed, with answers instead of exceptions for what is expected. Everything else is CACHE_REMOTE. */
export class Bucket {
  readonly #client: Pick<S3Client, 'send'>;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #timeoutMs: number;

  constructor({ client, bucket, prefix = '', timeoutMs = 30_000 }: S3Place) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#timeoutMs = timeoutMs;
  }

  /** A small object with its version; undefined when there is none. Longer ones are cut after `maxBytes + 1`. */
  async get(name: string, maxBytes: number): Promise<{ text: string; etag: string } | undefined> {
    return await this.#or404(`cannot read ${name}`, async () => {
      for (let attempt = 1; ; attempt++) {
        const { Body, ETag = '' } = await this.#client.send(new GetObjectCommand(this.#at(name)), this.#within());
        try {
          const parts: Uint8Array[] = [];
          let length = 0;
          for await (const bytes of readBody(Body, this.#timeoutMs)) {
            parts.push(bytes);
            length += bytes.length;
            if (length > maxBytes) break;
          }
          return { text: Buffer.concat(parts).subarray(0, maxBytes + 1).toString('utf8'), etag: ETag };
        } catch (error) {
          // The SDK does not ask again once a body has begun, nor when it is not what its checksum says.
          if (attempt >= READ_TRIES) throw error;
        }
      }
    });
  }

  /** The bytes of an object as they come. */
  async stream(name: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    return await this.#or404(`cannot read ${name}`, async () => {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(name)), this.#within(signal));
      return readBody(Body, this.#timeoutMs);
    });
  }

  async head(name: string): Promise<ObjectState | undefined> {
    return await this.#or404(`cannot look at ${name}`, async () => {
      const { ContentLength = 0, ETag = '', LastModified } = await this.#client.send(new HeadObjectCommand(this.#at(name)), this.#within());
      return { name, sizeBytes: ContentLength, etag: ETag, modifiedMs: LastModified?.getTime() ?? 0 };
    });
  }

  async put(name: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.#call(`cannot write ${name}`, () => this.#client.send(new PutObjectCommand({ ...this.#at(name), Body: body }), this.#within(signal)));
  }

  /**
   * Writes an object if it is still the version that was seen, or still absent. The text must be one that was never written
   * before, so that a write whose answer got lost is known again. Returns the new version, or undefined when it was another one.
   */
  async putIf(name: string, text: string, etag: string | undefined): Promise<string | undefined> {
    const condition = etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: etag };
    for (let attempt = 1; ; attempt++) {
      try {
        const { ETag = '' } = await this.#client.send(new PutObjectCommand({ ...this.#at(name), Body: text, ...condition }), this.#within());
        return ETag;
      } catch (error) {
        const status = statusOf(error);
        // 409: another conditional write is under way; the answer to ours is open.
        if (status === 409 && attempt < CONFLICT_TRIES) {
          await sleep(CONFLICT_WAIT_MS * attempt);
          continue;
        }
        // 404 where nothing had to be there: the bucket is missing.
        if (status !== 412 && status !== 409 && (status !== 404 || etag === undefined)) throw remoteError(`cannot write ${name}`, error);
        const there = await this.get(name, text.length * 4);
        return there?.text === text ? there.etag : undefined;
      }
    }
  }

  async remove(name: string): Promise<void> {
    await this.#or404(`cannot remove ${name}`, () => this.#client.send(new DeleteObjectCommand(this.#at(name)), this.#within()));
  }

  /** Removes one version of an object, on stores that the probe found to heed this. */
  async removeIf(name: string, etag: string): Promise<boolean> {
    try {
      await this.#client.send(new DeleteObjectCommand({ ...this.#at(name), IfMatch: etag }), this.#within());
      return true;
    } catch (error) {
      if ([404, 409, 412].includes(statusOf(error) ?? 0)) return false;
      throw remoteError(`cannot remove ${name}`, error);
    }
  }

  /** Gives an object a new time without sending it. False where that cannot be done. */
  async renew(name: string): Promise<boolean> {
    try {
      const CopySource = encodeURIComponent(`${this.#bucket}/${this.#prefix}${name}`).replaceAll('%2F', '/');
      await this.#client.send(new CopyObjectCommand({ ...this.#at(name), CopySource, MetadataDirective: 'REPLACE', Metadata: { renewed: String(Date.now()) } }), this.#within());
      return true;
    } catch (error) {
      // Gone, too large to be copied in one go, or not something that this store does: it is sent again.
      if ([400, 404, 405, 501].includes(statusOf(error) ?? 0)) return false;
      throw remoteError(`cannot renew ${name}`, error);
    }
  }

  async *list(under: string): AsyncGenerator<ObjectState> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#call(`cannot list ${under}`, () =>
        this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + under, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) }), this.#within()),
      );
      for (const { Key, Size = 0, ETag = '', LastModified } of page.Contents ?? []) {
        if (Key?.startsWith(this.#prefix) === true) yield { name: Key.slice(this.#prefix.length), sizeBytes: Size, etag: ETag, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  /** Uploads in parts; whole or not at all. */
  async putParts(name: string, parts: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const { UploadId } = await this.#call(`cannot write ${name}`, () => this.#client.send(new CreateMultipartUploadCommand(this.#at(name)), this.#within(signal)));
    const upload = { ...this.#at(name), UploadId };
    try {
      const Parts: { PartNumber: number; ETag: string }[] = [];
      for await (const Body of parts) {
        const PartNumber = Parts.length + 1;
        const { ETag = '' } = await this.#call(`cannot write ${name}`, () => this.#client.send(new UploadPartCommand({ ...upload, PartNumber, Body }), this.#within(signal)));
        Parts.push({ PartNumber, ETag });
      }
      await this.#call(`cannot write ${name}`, () => this.#client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), this.#within(signal)));
    } catch (error) {
      // What cannot be taken back now is taken back by the next prune.
      await this.#client.send(new AbortMultipartUploadCommand(upload), this.#within()).catch(() => undefined);
      throw error;
    }
  }

  /** Gives up uploads in parts that were begun before this. */
  async abortUploads(under: string, beforeMs: number): Promise<number> {
    const { Uploads = [] } = await this.#call('cannot list uploads', () => this.#client.send(new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#prefix + under }), this.#within()));
    let aborted = 0;
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Key === undefined || !Key.startsWith(this.#prefix + under) || (Initiated?.getTime() ?? Infinity) >= beforeMs) continue;
      await this.#call('cannot give up an upload', () => this.#client.send(new AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId }), this.#within()));
      aborted++;
    }
    return aborted;
  }

  #at(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + name };
  }

  #within(signal?: AbortSignal): { abortSignal: AbortSignal } {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    return { abortSignal: signal === undefined ? limit : AbortSignal.any([limit, signal]) };
  }

  async #call<T>(doing: string, fn: () => Promise<T>): Promise<T> {
    try {
      return await fn();
    } catch (error) {
      throw remoteError(doing, error);
    }
  }

  async #or404<T>(doing: string, fn: () => Promise<T>): Promise<T | undefined> {
    try {
      return await fn();
    } catch (error) {
      // A missing bucket is no missing object.
      if (statusOf(error) === 404 && (error as { name?: unknown }).name !== 'NoSuchBucket') return undefined;
      throw remoteError(doing, error);
    }
  }
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { $metadata?: { httpStatusCode?: unknown } } | undefined)?.$metadata?.httpStatusCode;
  return typeof status === 'number' ? status : undefined;
}

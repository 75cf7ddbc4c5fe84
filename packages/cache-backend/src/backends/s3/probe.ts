import { randomBytes } from 'node:crypto';
import { CacheError } from '../../errors.ts';
import type { Bucket } from './bucket.ts';

/** Times in S3 are whole seconds; a clock that is off by less cannot be told. */
const PRECISION_MS = 2_000;

/** What a store can do. */
export interface StoreAbilities {
  /** Objects are removed on condition. */
  readonly canRemoveIf: boolean;
  /** Its clock less ours. */
  readonly offsetMs: number;
}

/**
 * Finds out, by doing it, whether a store heeds conditions, which the cache cannot do without: some accept the headers
 * and write all the same.
 * @throws CacheError CACHE_UNSUPPORTED
 */
export async function probeStore(bucket: Bucket): Promise<StoreAbilities> {
  const name = `probe/${randomBytes(12).toString('hex')}`;
  const text = (): string => `probe ${randomBytes(12).toString('hex')}`;
  try {
    const before = Date.now();
    const etag = await bucket.putIf(name, text(), undefined);
    const after = Date.now();
    if (etag === undefined || etag === '') throw unsupported('an object that was not there could not be written with If-None-Match: *');
    if ((await bucket.putIf(name, text(), undefined)) !== undefined) throw unsupported('it overwrites in spite of If-None-Match: *');
    const next = await bucket.putIf(name, text(), etag);
    if (next === undefined) throw unsupported('it refuses If-Match with the right version');
    if ((await bucket.putIf(name, text(), etag)) !== undefined) throw unsupported('it overwrites in spite of If-Match');
    const state = await bucket.head(name);
    if (state?.etag !== next) throw unsupported('a write that has returned is not seen');
    return { canRemoveIf: await canRemoveIf(bucket, name, etag, next), offsetMs: offsetOf(state.modifiedMs, before, after) };
  } finally {
    await bucket.remove(name);
  }
}

async function canRemoveIf(bucket: Bucket, name: string, wrong: string, right: string): Promise<boolean> {
  try {
    if (await bucket.removeIf(name, wrong)) return false;
    return (await bucket.head(name)) !== undefined && (await bucket.removeIf(name, right));
  } catch (error) {
    // Answered with 400 or 501: it does not know the header.
    if ((error as { code?: unknown }).code === 'CACHE_REMOTE') return false;
    throw error;
  }
}

function offsetOf(modifiedMs: number, beforeMs: number, afterMs: number): number {
  const offset = modifiedMs - (beforeMs + afterMs) / 2;
  return Math.abs(offset) < PRECISION_MS ? 0 : offset;
}

function unsupported(what: string): CacheError {
  return new CacheError('CACHE_UNSUPPORTED', `this S3 store cannot hold the cache's index: ${what}. Use one with conditional writes, or keep the index in Redis`);
}

import { copyBytes } from '../core/bytes.ts';
import type { PutOptions, ValueRecord } from '../types.ts';

/** The record in bytes of the store's own, for calls that go on after the caller has its bytes back. */
export function ownRecord(record: ValueRecord): ValueRecord {
  const own: ValueRecord = { ...record, key: copyBytes(record.key), value: copyBytes(record.value) };
  if (record.publisher !== undefined) own.publisher = copyBytes(record.publisher);
  return own;
}

/** The same for the options of a put. */
export function ownOptions(options: PutOptions | undefined): PutOptions | undefined {
  if (options === undefined) return undefined;
  const { origin, ifVersion, signal } = options;
  return { origin, ifVersion: ifVersion instanceof Uint8Array ? copyBytes(ifVersion) : ifVersion, signal };
}

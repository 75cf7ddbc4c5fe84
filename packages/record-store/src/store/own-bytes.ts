import { copyBytes } from '../core/bytes.ts';
import type { PutOptions, ValueRecord, WriteOptions } from '../types.ts';

/** The record in bytes of the store's own, for calls that go on after the caller has its bytes back. */
export function ownRecord(record: ValueRecord, options: WriteOptions | undefined): ValueRecord {
  if (options?.copy === false) return { ...record };
  const own: ValueRecord = { ...record, key: copyBytes(record.key), value: copyBytes(record.value) };
  if (record.publisher !== undefined) own.publisher = copyBytes(record.publisher);
  return own;
}

/** The options of a put of such a record. */
export function ownOptions(options: PutOptions | undefined): PutOptions {
  const { origin, ifVersion, signal } = options ?? {};
  return { origin, ifVersion: ifVersion instanceof Uint8Array ? copyBytes(ifVersion) : ifVersion, signal, copy: false };
}

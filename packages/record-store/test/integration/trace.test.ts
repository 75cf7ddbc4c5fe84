import { join } from 'node:path';
import { createEventLog, TRACE } from '@p2p/trace';
import { LevelDatastore } from 'datastore-level';
import { expect, test, vi } from 'vitest';
import { DatastoreRecordStore } from '../../src/backends/datastore/index.ts';
import { LmdbRecordStore } from '../../src/backends/lmdb/index.ts';
import { acceptAny, MemoryRecordStore, type RecordStoreOptions } from '../../src/index.ts';
import { endedSpans } from '../ended-spans.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const record = { key: bytes('key'), value: bytes('value') };

function traced() {
  const log = createEventLog({ slots: 256, strict: true });
  const options: RecordStoreOptions = { localId: bytes('me'), validators: { default: acceptAny() }, traceLog: log };
  /** In a build without tracing nothing is recorded. */
  const expectSpans = (expected: readonly string[]): void => expect(endedSpans(log)).toEqual(TRACE ? expected : []);
  return { log, options, expectSpans };
}

test('LMDB: opening, commits and work on the whole file are spans, reads are not', async () => {
  await using directory = await temporaryDirectory();
  const { log, options, expectSpans } = traced();
  const path = join(directory.path, 'records.lmdb');
  const store = await LmdbRecordStore.open({ ...options, path });
  expect(await store.put(record)).toEqual({ outcome: 'inserted' });
  expect((await store.get(record.key))?.value).toEqual(record.value);
  await store.compact();
  await store.remove(record.key);
  await store.verify();
  await store.copyTo(join(directory.path, 'copy.lmdb'));
  await expect(store.copyTo(join(directory.path, 'copy.lmdb'))).rejects.toMatchObject({ code: 'RECORD_STORE_IO' });
  await store.sweep();
  expectSpans([
    'records.lmdb.open ok', 'records.lmdb.commit ok', 'records.lmdb.compact ok', 'records.lmdb.commit ok',
    'records.lmdb.verify ok', 'records.lmdb.copy ok', 'records.lmdb.copy failed', 'records.sweep ok',
  ]);
  await expect(LmdbRecordStore.open({ ...options, path })).rejects.toMatchObject({ code: 'RECORD_STORE_IN_USE' });
  if (TRACE) expect(endedSpans(log).at(-1)).toBe('records.lmdb.open failed');
  await store.close();
});

test('a datastore: loading, reads and batches are spans, whether they work or not', async () => {
  await using directory = await temporaryDirectory();
  const { options, expectSpans } = traced();
  const datastore = new LevelDatastore(directory.path);
  await datastore.open();
  const store = await DatastoreRecordStore.open({ ...options, datastore });
  await store.put(record);
  await store.get(record.key);
  await store.get(bytes('missing'));
  vi.spyOn(datastore, 'batch').mockImplementationOnce(() => {
    throw new Error('no space left');
  });
  await expect(store.put({ ...record, key: bytes('other') })).rejects.toMatchObject({ code: 'RECORD_STORE_IO' });
  // What the failed commit touched is read back, so that memory says what is there.
  expectSpans(['records.datastore.load ok', 'records.datastore.commit ok', 'records.datastore.get ok', 'records.datastore.commit failed', 'records.datastore.get ok']);
  await store.close();
  await datastore.close();
});

test('memory: what answers at once is no span', async () => {
  const { options, expectSpans } = traced();
  const store = new MemoryRecordStore(options);
  await store.put(record);
  await store.get(record.key);
  expectSpans([]);
  await store.sweep();
  expectSpans(['records.sweep ok']);
});

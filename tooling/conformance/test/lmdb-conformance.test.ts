import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { afterAll, beforeAll, test } from 'vitest';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';
import { temporaryDirectory } from './temporary-directory.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let count = 0;

beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

/** Turns a bit of the last byte of the row that holds the record, or all providers of the key: what a disk that fails may do. */
async function damage(path: string, key: Uint8Array, provider: Uint8Array | undefined): Promise<void> {
  // LMDB gives one process the file that it has open already.
  const rows = openLmdb<Buffer, Uint8Array>({ path, noSubdir: true, keyEncoding: 'binary', encoding: 'binary' });
  const at = Uint8Array.of(provider === undefined ? 1 : 2, ...key);
  const row = Buffer.from(rows.getBinary(at)!);
  row[row.length - 1]! ^= 1;
  await rows.put(at, row);
  await rows.close();
}

recordStoreConformance({
  test,
  capabilities: { durable: 'power-loss', atomic: true, shared: false },
  open: (options) => LmdbRecordStore.open({ ...options, path: join(directory.path, `${count++}.lmdb`) }),
  crash: {
    module: new URL('lmdb-crash-module.ts', import.meta.url),
    kills: process.env['RECORD_STORE_LONG'] === '1' ? 50 : 5,
    directory: async () => {
      const own = await temporaryDirectory();
      return { path: own.path, remove: async () => await own[Symbol.asyncDispose]() };
    },
  },
  damage: (store, key, provider) => damage((store as LmdbRecordStore).path, key, provider),
  reopen: (closed, options) => LmdbRecordStore.open({ ...options, path: (closed as LmdbRecordStore).path }),
});

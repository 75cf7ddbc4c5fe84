import { join } from 'node:path';
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
  reopen: (closed, options) => LmdbRecordStore.open({ ...options, path: (closed as LmdbRecordStore).path }),
});

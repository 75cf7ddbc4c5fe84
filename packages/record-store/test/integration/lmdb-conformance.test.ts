import { join } from 'node:path';
import { afterAll, beforeAll, test } from 'vitest';
import { recordStoreConformance } from '../../src/conformance/index.ts';
import { LmdbRecordStore } from '../../src/lmdb.ts';
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
  reopen: (closed, options) => LmdbRecordStore.open({ ...options, path: (closed as LmdbRecordStore).path }),
});

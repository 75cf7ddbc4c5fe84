import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { SeededRandom } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { acceptAny } from '../../src/index.ts';
import { checkLmdbFile, LmdbRecordStore, type LmdbRecordStoreOptions } from '../../src/backends/lmdb/index.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const META = 0;
const VALUE = 1;
const PROVIDERS = 2;
const RECOUNT = bytes('\0recount');

function open(path: string, options: Partial<LmdbRecordStoreOptions> = {}): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path, localId: bytes('me'), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited', maxProvidedKeys: 'unlimited', perOrigin: { maxRecords: 'unlimited' } }, ...options });
}

/** The file's rows, beside the store where that has it open. */
async function withRows<T>(path: string, work: (rows: ReturnType<typeof openLmdb<Buffer, Uint8Array>>) => T | Promise<T>): Promise<T> {
  const rows = openLmdb<Buffer, Uint8Array>({ path, pageSize: 4096, noSubdir: true, overlappingSync: false, keyEncoding: 'binary', encoding: 'binary' });
  try {
    return await work(rows);
  } finally {
    await rows.close();
  }
}

/** Changes a byte of a row, another way each time. False where there is none. */
function damage(path: string, kind: number, name: string): Promise<boolean> {
  return withRows(path, async (rows) => {
    const at = Uint8Array.of(kind, ...bytes(name));
    const stored = rows.getBinary(at);
    if (stored === undefined) return false;
    const row = Buffer.from(stored);
    row[row.length - 1]! += 1;
    await rows.put(at, row);
    return true;
  });
}

/** What the store says of a pool, beside what can be read of it. */
async function expectCounted(store: LmdbRecordStore, what: string): Promise<void> {
  const { local, remote } = await store.stats();
  const { miscounted, records, providers } = await store.verify();
  expect({ miscounted, records: local.records + remote.records, providers: local.providers + remote.providers }, what).toEqual({ miscounted: false, records, providers });
}

test('counts are what can be read, whatever is damaged and then put, removed or swept', { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= (process.env['RECORD_STORE_LONG'] === '1' ? 300 : 20); seed++) {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    let now = 1000;
    await using store = await open(path, { clock: { now: () => now } });
    const random = new SeededRandom(seed);
    const name = (): string => `k${random.integer(8)}`;
    const origin = (): string => `o${random.integer(3)}`;
    for (let step = 0; step < 60; step++) {
      const kind = random.integer(7);
      const expires = now + 1 + random.integer(40);
      if (kind === 0) await damage(path, random.integer(2) === 0 ? VALUE : PROVIDERS, name());
      else if (kind === 1) await store.put({ key: bytes(name()), value: new Uint8Array(random.integer(50)), expires }, { origin: origin() });
      else if (kind === 2) await store.put({ key: bytes(name()), value: bytes('own'), publisher: bytes('me') });
      else if (kind === 3) await Promise.all([1, 2].map(() => store.addProvider({ key: bytes(name()), provider: bytes(random.integer(4) === 0 ? 'me' : `p${random.integer(4)}`), addresses: ['a'], expires }, { origin: origin() })));
      else if (kind === 4) await Promise.all([store.remove(bytes(name())), store.removeProvider(bytes(name()), bytes(`p${random.integer(4)}`))]);
      else if (kind === 5) now += random.integer(20);
      else await store.sweep();
    }
    // Every row that cannot be read goes, and with it what it may still count for.
    for (let number = 0; number < 8; number++) {
      await store.put({ key: bytes(`k${number}`), value: bytes('last'), expires: now + 1000 }, { origin: 'last' });
      await store.addProvider({ key: bytes(`k${number}`), provider: bytes('last'), addresses: [], expires: now + 1000 }, { origin: 'last' });
    }
    await expectCounted(store, `seed ${seed}`);
    now += 10_000_000_000;
    await store.sweep();
    expect(await store.stats(), `seed ${seed}, swept`).toMatchObject({ remote: { records: 0, bytes: 0, providedKeys: 0, providers: 0 }, origins: 0 });
    await expectCounted(store, `seed ${seed}, swept`);
  }
});

test('a count that was cut off is made at the next open', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const store = await open(path);
  await store.putMany(Array.from({ length: 3000 }, (_, number) => ({ key: bytes(`k${number}`), value: bytes('v') })), { origin: 'o' });
  await damage(path, VALUE, 'k7');
  expect(await store.remove(bytes('k7'))).toBe(true);
  await store.close();
  expect(await withRows(path, (rows) => rows.getBinary(RECOUNT))).toEqual(Buffer.alloc(0));
  expect(await checkLmdbFile(path)).toMatchObject({ sound: true, miscounted: false, records: 2999 });
  await using again = await open(path);
  expect((await again.stats()).remote.records).toBe(2999);
  expect(await withRows(path, (rows) => rows.getBinary(RECOUNT))).toBe(undefined);
  await expectCounted(again, 'in the end');
  await Promise.all(Array.from({ length: 3000 }, (_, number) => again.remove(bytes(`k${number}`))));
  expect(await again.stats()).toMatchObject({ remote: { records: 0, bytes: 0 }, origins: 0 });
});

test('records that are put while everything is counted are counted once; compaction in between is none the wiser', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await using store = await open(path);
  const put = (from: number, to: number): Promise<unknown> => store.putMany(Array.from({ length: to - from }, (_, at) => ({ key: bytes(`k${from + at}`), value: bytes('v') })), { origin: 'o' });
  await put(0, 5000);
  for (const [at, name] of ['k3', 'k4', 'k5'].entries()) {
    await damage(path, VALUE, name);
    const removed = store.remove(bytes(name));
    const more = put(5000 + at * 1000, 6000 + at * 1000);
    const compacted = at === 1 ? store.compact() : undefined;
    await Promise.all([removed, more, compacted]);
  }
  expect((await store.stats()).remote.records).toBe(7997);
  await expectCounted(store, 'in the end');
});

test('a file that does not say what it holds, or says something else, is counted anew', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const before = await open(path);
  await before.put({ key: bytes('k'), value: bytes('v') }, { origin: 'o' });
  const counted = await withRows(path, (rows) => rows.getBinary(Uint8Array.of(META, ...bytes('usage')))!);
  await before.put({ key: bytes('l'), value: bytes('v') }, { origin: 'o' });
  await before.close();
  expect(await damage(path, META, 'usage')).toBe(true);
  {
    await using store = await open(path);
    expect(await store.stats()).toMatchObject({ remote: { records: 2 }, origins: 1 });
  }
  await withRows(path, (rows) => rows.put(Uint8Array.of(META, ...bytes('usage')), counted));
  expect(await checkLmdbFile(path)).toMatchObject({ sound: false, miscounted: true, records: 2, damagedRows: 0 });
  await using store = await open(path);
  expect(await store.verify()).toMatchObject({ miscounted: true });
  await store.recount();
  expect(await store.verify()).toMatchObject({ sound: true, miscounted: false });
  expect((await store.stats()).remote.records).toBe(2);
});

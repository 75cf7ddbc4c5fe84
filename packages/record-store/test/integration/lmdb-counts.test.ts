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
const ORIGIN_USAGE = 5;
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

test('a row that says what an origin has and cannot be read goes with the next count', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const before = await open(path);
  await before.put({ key: bytes('k'), value: bytes('v') }, { origin: 'o' });
  await before.close();
  const junk = Uint8Array.of(ORIGIN_USAGE, ...new Uint8Array(16).fill(7));
  await withRows(path, (rows) => rows.put(junk, Buffer.alloc(30, 9)));
  for (let round = 0; round < 2; round++) {
    await using store = await open(path);
    expect(await store.stats()).toMatchObject({ remote: { records: 1 }, origins: 1 });
    await expectCounted(store, `open ${round}`);
  }
  expect(await withRows(path, (rows) => rows.getBinary(junk))).toBe(undefined);
});

test('limits hold from the first put on a file that did not say what it holds', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const limits = { maxRecords: 1000, perOrigin: { maxRecords: 'unlimited' } } as const;
  const before = await open(path, { limits });
  await before.putMany(Array.from({ length: 1000 }, (_, number) => ({ key: bytes(`k${number}`), value: bytes('v') })));
  await before.close();
  await damage(path, META, 'usage');
  await using store = await open(path, { limits });
  expect(await store.put({ key: bytes('more'), value: bytes('v') })).toEqual({ outcome: 'rejected', reason: 'at-capacity' });
});

test('while the file is compacted, counts wait and what has landed is acknowledged; close waits for all of it', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const store = await open(path);
  await store.putMany(Array.from({ length: 5000 }, (_, number) => ({ key: bytes(`k${number}`), value: new Uint8Array(2000) })));
  const order: string[] = [];
  const put = store.put({ key: bytes('late'), value: bytes('v') }).then(() => order.push('put'));
  await new Promise((resume) => setImmediate(resume));
  const compacted = store.compact().then(() => order.push('compact'));
  const removed = store.remove(bytes('k9')).then(() => order.push('remove'));
  await Promise.all([put, compacted, removed]);
  expect(order[0]).toBe('put');
  const recounted = store.recount();
  const stats = store.stats();
  const copied = store.copyTo(join(directory.path, 'copy.lmdb'));
  const verified = store.verify();
  await store.close();
  await Promise.all([recounted, copied, verified]);
  const { local, remote } = await stats;
  expect([local.records + remote.records, (await checkLmdbFile(path)).records]).toEqual([5000, 5000]);
  await expect(store.recount()).rejects.toMatchObject({ code: 'RECORD_STORE_CLOSED' });
});

test('a scan that goes on after close says so', async () => {
  await using directory = await temporaryDirectory();
  const store = await open(join(directory.path, 'records.lmdb'));
  await store.putMany(Array.from({ length: 2000 }, (_, number) => ({ key: bytes(`k${number}`), value: bytes('v') })));
  const scan = store.records()[Symbol.asyncIterator]();
  await scan.next();
  await store.close();
  await expect((async () => { for (let next = await scan.next(); next.done !== true; next = await scan.next()); })()).rejects.toMatchObject({ code: 'RECORD_STORE_CLOSED' });
});

test('a value cannot be transferred: that would take memory from others', async () => {
  await using directory = await temporaryDirectory();
  await using store = await open(join(directory.path, 'records.lmdb'));
  for (const name of ['a', 'b']) await store.put({ key: bytes(name), value: bytes(`value of ${name}`) });
  const [a, b] = [(await store.get(bytes('a')))!, (await store.get(bytes('b')))!];
  expect(() => structuredClone(a.value, { transfer: [a.value.buffer as ArrayBuffer] })).toThrow(/could not be cloned|DataCloneError|transfer/i);
  expect([b.value, (await store.get(bytes('a')))!.value]).toEqual([bytes('value of b'), bytes('value of a')]);
  const own = (await store.get(bytes('a'), { copy: true }))!.value;
  expect(structuredClone(own, { transfer: [own.buffer as ArrayBuffer] })).toEqual(bytes('value of a'));
});

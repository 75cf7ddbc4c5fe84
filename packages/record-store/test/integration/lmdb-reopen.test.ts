import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { acceptAny } from '../../src/index.ts';
import { LmdbRecordStore, type LmdbRecordStoreOptions } from '../../src/backends/lmdb/index.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function open(directory: string, options: Partial<LmdbRecordStoreOptions> = {}): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path: join(directory, 'records.lmdb'), localId: bytes('me'), validators: { default: acceptAny() }, ...options });
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test('after close, work on the whole file says that the store is closed', async () => {
  await using directory = await temporaryDirectory();
  const store = await open(directory.path);
  await store.close();
  for (const work of [() => store.verify(), () => store.compact(), () => store.copyTo(join(directory.path, 'copy.lmdb'))]) await expect(work()).rejects.toMatchObject({ code: 'RECORD_STORE_CLOSED' });
});

test('a node with another id takes over a file: what its former self provided is not its own any more', async () => {
  await using directory = await temporaryDirectory();
  const old = await open(directory.path, { localId: bytes('old') });
  for (const key of ['one', 'two']) await old.addProvider({ key: bytes(key), provider: bytes('old'), addresses: [] });
  await old.addProvider({ key: bytes('one'), provider: bytes('new'), addresses: ['198.51.100.1:1'] });
  await old.close();
  const store = await open(directory.path, { localId: bytes('new') });
  expect(await all(store.provided())).toEqual([]);
  expect(await store.addProvider({ key: bytes('one'), provider: bytes('new'), addresses: [] })).toMatchObject({ outcome: 'inserted' });
  await store.addProvider({ key: bytes('two'), provider: bytes('old'), addresses: ['198.51.100.2:1'] });
  const names = async (key: string): Promise<string[]> => (await store.providers(bytes(key))).map(({ provider }) => Buffer.from(provider).toString());
  expect([await names('one'), await names('two')]).toEqual([['new'], ['old']]);
  expect((await all(store.provided())).map(({ key }) => Buffer.from(key).toString())).toEqual(['one']);
  const { local, remote } = await store.stats();
  expect([local.providers, remote.providers]).toEqual([1, 1]);
  expect(await store.verify()).toMatchObject({ sound: true, providers: 2 });
  await store.close();
});

test('what others send of a local record does not put off when this node sends it again', async () => {
  await using directory = await temporaryDirectory();
  const clock = new VirtualClock();
  await using store = await open(directory.path, { clock });
  const record = { key: bytes('k'), value: bytes('v'), publisher: bytes('me') };
  await store.put(record);
  await clock.advance(3 * 86_400_000);
  expect(await all(store.due(clock.now()))).toHaveLength(1);
  expect(await store.put({ key: record.key, value: record.value }, { origin: 'a peer' })).toMatchObject({ outcome: 'refreshed' });
  expect(await all(store.due(clock.now()))).toHaveLength(1);
  await store.put(record);
  expect(await all(store.due(clock.now()))).toHaveLength(0);
});

test('a record that cannot be read can be removed, after which nothing is there', async () => {
  await using directory = await temporaryDirectory();
  const before = await open(directory.path);
  await before.put({ key: bytes('broken'), value: new Uint8Array(300).fill(7) });
  await before.close();
  const path = join(directory.path, 'records.lmdb');
  const file = await readFile(path);
  file[file.lastIndexOf(Buffer.alloc(200, 7)) + 100]! ^= 1;
  await writeFile(path, file);
  await using store = await open(directory.path);
  await expect(store.get(bytes('broken'))).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
  expect(await store.remove(bytes('broken'))).toBe(true);
  expect(await store.get(bytes('broken'))).toBe(undefined);
  expect(await store.remove(bytes('broken'))).toBe(false);
  expect(await store.verify()).toMatchObject({ sound: true, records: 0 });
});

test('nothing is acknowledged once the file was removed under the store', async () => {
  await using directory = await temporaryDirectory();
  const store = await open(directory.path);
  await store.put({ key: bytes('k'), value: bytes('v') });
  await store.compact();
  expect(await store.put({ key: bytes('k'), value: bytes('w') })).toMatchObject({ outcome: 'updated' });
  await rm(directory.path, { recursive: true });
  await expect(store.put({ key: bytes('k'), value: bytes('x') })).rejects.toMatchObject({ code: 'RECORD_STORE_IO', message: expect.stringContaining('was removed') });
  await store.close();
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { acceptAny } from '../../src/index.ts';
import { LmdbRecordStore, type LmdbRecordStoreOptions } from '../../src/backends/lmdb/index.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** At any time, where that is asked for: always it is at every step. */
const KILLS = process.env['RECORD_STORE_LONG'] === '1' ? 50 : 0;

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

test('a node with another id takes over a file: what its former self provided is others’ now', async () => {
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
  expect([await names('one'), await names('two')]).toEqual([['new', 'old'], ['old']]);
  expect((await all(store.provided())).map(({ key }) => Buffer.from(key).toString())).toEqual(['one']);
  const { local, remote } = await store.stats();
  expect([local.providers, remote.providers]).toEqual([1, 2]);
  expect(await store.verify()).toMatchObject({ sound: true, providers: 3 });
  await store.close();
});

test('an id for one start only costs the next one nothing: what was local is local again, and the file is made anew only where the id differs', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const clock = new VirtualClock();
  const started = async (name: string): Promise<LmdbRecordStore> => await open(directory.path, { localId: bytes(name), clock });
  const seen = async (store: LmdbRecordStore): Promise<number[]> => {
    const { local, remote } = await store.stats();
    return [local.records, local.providers, local.providedKeys, remote.records, remote.providers, remote.providedKeys];
  };
  const first = await started('me');
  await Promise.all(Array.from({ length: 1000 }, (_, index) => [first.put({ key: bytes(`k${index}`), value: bytes('v'), publisher: bytes('me') }), first.put({ key: bytes(`l${index}`), value: bytes('v'), publisher: bytes('other') }, { origin: `o${index % 50}` })]).flat());
  await first.addProvider({ key: bytes('p'), provider: bytes('me'), addresses: ['198.51.100.1:1'] });
  await first.addProvider({ key: bytes('p'), provider: bytes('other'), addresses: [] });
  const before = await seen(first);
  expect(before).toEqual([1000, 1, 1, 1000, 1, 1]);
  await first.close();
  const { ino } = await stat(path);
  await (await started('me')).close();
  expect((await stat(path)).ino).toBe(ino);
  // What a start that was killed in the middle left.
  for (const draft of ['reowned-1', 'reowned-2.new-2', 'reowned-2.new-2-lock', 'salvaged-3.new-3', 'compact-4-lock']) await writeFile(`${path}.${draft}`, 'half');
  const mistaken = await started('mistaken');
  expect((await stat(path)).ino).not.toBe(ino);
  expect((await readdir(directory.path)).toSorted()).toEqual(['records.lmdb', 'records.lmdb-lock']);
  expect(await seen(mistaken)).toEqual([0, 0, 0, 2000, 2, 1]);
  expect(new Set((await all(mistaken.due(clock.now() + 3_600_000_000))).map(({ kind }) => kind))).toEqual(new Set(['replicate']));
  // Another provider of the same key takes nothing from what the row said.
  await mistaken.addProvider({ key: bytes('p'), provider: bytes('third'), addresses: [] });
  expect(await mistaken.verify()).toMatchObject({ sound: true, records: 2000, providers: 3 });
  await mistaken.close();
  const again = await started('me');
  expect(await seen(again)).toEqual([1000, 1, 1, 1000, 2, 1]);
  expect((await all(again.provided())).map(({ addresses }) => addresses)).toEqual([['198.51.100.1:1']]);
  expect(await again.verify()).toMatchObject({ sound: true, records: 2000, providers: 3 });
  await clock.advance(49 * 3_600_000);
  await again.sweep();
  expect((await seen(again)).slice(0, 4)).toEqual([1000, 1, 1, 0]);
  // The name is the new file's, though the old one was closed after it took it.
  await expect(started('me')).rejects.toMatchObject({ code: 'RECORD_STORE_IN_USE' });
  await again.close();
});

test('a damaged row goes on saying so under another id, and a tool that keeps the owner leaves the file as it is', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const before = await open(directory.path);
  await before.put({ key: bytes('broken'), value: new Uint8Array(300).fill(7) });
  await before.put({ key: bytes('whole'), value: bytes('v'), publisher: bytes('me') });
  await before.close();
  const file = await readFile(path);
  file[file.lastIndexOf(Buffer.alloc(200, 7)) + 100]! ^= 1;
  await writeFile(path, file);
  const { ino } = await stat(path);
  const tool = await open(directory.path, { localId: bytes('tool'), keepOwner: true });
  expect((await tool.stats()).local.records).toBe(1);
  await tool.close();
  expect((await stat(path)).ino).toBe(ino);
  await using other = await open(directory.path, { localId: bytes('other') });
  expect((await stat(path)).ino).not.toBe(ino);
  await expect(other.get(bytes('broken'))).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
  expect(await other.verify()).toMatchObject({ sound: false, records: 1, damagedRows: 1 });
});

/** Opens the file under another id in a process that is killed at that step of it; false where there is no such step. */
async function killedAt(path: string, step: number): Promise<boolean> {
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('lmdb-reown-child.ts', import.meta.url)), path, String(step)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk: Buffer) => (said[stream] += chunk.toString()));
  const [, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (said.stdout === 'done') return false;
  expect(signal, said.stderr).toBe('SIGKILL');
  return true;
}

test('killed at any step of its file’s being made anew for another id, a store has all records under either', { timeout: 120_000 }, async () => {
  await using directory = await temporaryDirectory();
  // Three times as many as are read at a time.
  const records = Array.from({ length: 1500 }, (_, number) => ({ key: bytes(`key ${number}`), value: bytes('v'), publisher: bytes('me') }));
  const limits = { maxRecords: 'unlimited' } as const;
  {
    await using store = await open(directory.path, { limits });
    await store.putMany(records);
  }
  const killAt = async (step: number): Promise<boolean> => {
    const own = join(directory.path, String(step));
    await mkdir(own);
    await copyFile(join(directory.path, 'records.lmdb'), join(own, 'records.lmdb'));
    const wasKilled = await killedAt(join(own, 'records.lmdb'), step);
    // Whose it is by now depends on the step.
    await using store = await open(own, { limits });
    const { local, remote } = await store.stats();
    expect([local.records, remote.records], `step ${step}`).toEqual([records.length, 0]);
    expect(await store.verify(), `step ${step}`).toMatchObject({ sound: true, records: records.length });
    expect((await readdir(own)).toSorted(), `step ${step}`).toEqual(['records.lmdb', 'records.lmdb-lock']);
    return wasKilled;
  };
  let steps = 0;
  for (let wasKilled = true; wasKilled; ) {
    const kills = await Promise.all([1, 2, 3, 4].map((ahead) => killAt(steps + ahead)));
    steps += kills.filter(Boolean).length;
    wasKilled = kills.every(Boolean);
  }
  expect(steps).toBeGreaterThan(25);
});

if (KILLS > 0) test('killed at any time while its file is made anew for another id, a store has all records under either', { timeout: 600_000 }, async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  const records = Array.from({ length: 20_000 }, (_, number) => ({ key: bytes(`key ${number}`), value: bytes('v'), publisher: bytes('me') }));
  const limits = { maxRecords: 'unlimited' } as const;
  {
    await using store = await open(directory.path, { limits });
    await store.putMany(records);
  }
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('lmdb-reown-child.ts', import.meta.url)), path], { stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(child, 'exit');
    await new Promise((resume) => setTimeout(resume, (kill * 1500) / KILLS));
    child.kill('SIGKILL');
    await ended;
    await using store = await open(directory.path, { limits });
    const { local, remote } = await store.stats();
    expect([local.records, remote.records], `kill ${kill}`).toEqual([records.length, 0]);
    expect(await store.verify()).toMatchObject({ sound: true, records: records.length });
    expect((await readdir(directory.path)).toSorted()).toEqual(['records.lmdb', 'records.lmdb-lock']);
  }
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

test('a damaged key, after which the next lies before it, is found at open; unseen, it ends a scan', async () => {
  await using directory = await temporaryDirectory();
  const before = await open(directory.path);
  const named = (number: number): Uint8Array => bytes(`key ${String(number).padStart(3, '0')}`);
  await before.putMany(Array.from({ length: 700 }, (_, number) => ({ key: named(number), value: bytes('v') })));
  await before.close();
  const path = join(directory.path, 'records.lmdb');
  const file = await readFile(path);
  // The last row that a scan reads at a time.
  const row = Buffer.concat([Buffer.of(1), named(255)]);
  for (let at = file.indexOf(row); at >= 0; at = file.indexOf(row, at + 1)) file.write('aaa', at + 1);
  await writeFile(path, file);
  await expect(open(directory.path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT', message: expect.stringContaining('keys are out of order') });
  {
    await using unseen = await open(directory.path, { checkPages: false });
    await expect(all(unseen.records())).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT', message: expect.stringContaining('out of order') });
    expect((await unseen.get(named(600)))?.value).toEqual(bytes('v'));
  }
  await using store = await open(directory.path, { damaged: 'salvage' });
  expect(await all(store.records())).toHaveLength(699);
  expect(await store.verify()).toMatchObject({ sound: true, records: 699 });
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

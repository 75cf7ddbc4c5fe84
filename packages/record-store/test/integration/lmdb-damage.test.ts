import { once } from 'node:events';
import { fork, type ChildProcess } from 'node:child_process';
import { copyFile, open as openFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SeededRandom } from '@p2p/testkit';
import { describe, expect, test } from 'vitest';
import { acceptAny } from '../../src/index.ts';
import { checkLmdbFile, compactLmdbFile, LmdbRecordStore, salvageLmdbFile, type LmdbRecordStoreOptions, type SalvageReport } from '../../src/backends/lmdb/index.ts';
import { DataFile } from '../../src/backends/lmdb/data-file.ts';
import { freedPages, leafNodes } from '../../src/backends/lmdb/page-format.ts';
import { survey } from '../../src/backends/lmdb/page-survey.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const RECORDS = 700;
const PAGE_BYTES = 4096;
/** A child that has not answered for so long does not any more. */
const ANSWER_MS = 60_000;
const LONG = process.env['RECORD_STORE_LONG'] === '1';

function open(path: string, more: Partial<LmdbRecordStoreOptions> = {}): Promise<LmdbRecordStore> {
  return LmdbRecordStore.open({ path, localId: new Uint8Array(32).fill(9), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited' }, maxTtlMs: 'unlimited', ...more });
}

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`key ${number}`);
const valueOf = (number: number): Uint8Array => new Uint8Array(100 + ((number * 53) % 900) + (number % 40 === 0 ? 7000 : 0)).fill(number & 0xff);

async function filled(path: string): Promise<void> {
  const store = await open(path);
  await store.putMany(Array.from({ length: RECORDS }, (_, number) => ({ key: keyOf(number), value: valueOf(number) })));
  await store.addProvider({ key: keyOf(1), provider: new Uint8Array(32).fill(1), addresses: ['198.51.100.1:1'] });
  await store.addProvider({ key: keyOf(1), provider: new Uint8Array(32).fill(9), addresses: [] });
  // Freed pages and used ones between each other.
  for (let number = 0; number < RECORDS; number += 10) await store.remove(keyOf(number));
  await store.close();
}

/** Records that are there with the value that was put. A wrong one fails. */
async function intact(store: LmdbRecordStore): Promise<number> {
  let found = 0;
  for (let number = 0; number < RECORDS; number++) {
    const record = await store.get(keyOf(number));
    if (record === undefined) continue;
    expect(Buffer.compare(record.value, valueOf(number)), `key ${number}`).toBe(0);
    found += 1;
  }
  return found;
}

const ALL = RECORDS - RECORDS / 10;

describe('a damaged file', () => {
  test('is refused with its own code, and salvaged on request: what is intact is read, and written to', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    await filled(path);
    const bytes = await readFile(path);
    const leaf = await someLeaf(path);
    bytes.fill(0xa5, leaf * PAGE_BYTES, (leaf + 1) * PAGE_BYTES);
    await writeFile(path, bytes);
    await expect(open(path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT', message: expect.stringContaining(`page ${leaf}`) });
    expect(await checkLmdbFile(path)).toMatchObject({ sound: false, damage: [`page ${leaf}: the page is damaged`] });

    let report: SalvageReport | undefined;
    const store = await open(path, { damaged: 'salvage', onSalvaged: (salvaged) => (report = salvaged) });
    try {
      const left = await intact(store);
      expect(left).toBeLessThan(ALL);
      expect(left).toBeGreaterThan(ALL - 60);
      expect(report).toMatchObject({ records: left, providers: 2, damagedRows: 0 });
      expect((await stat(report!.keptAt)).size).toBe(bytes.length);
      const stats = await store.stats();
      expect([stats.remote.records, stats.remote.providers, stats.local.providers]).toEqual([left, 1, 1]);
      for (let number = 0; number < RECORDS; number++) await store.put({ key: keyOf(number), value: valueOf(number) });
      expect(await intact(store)).toBe(RECORDS);
      expect(await store.verify()).toMatchObject({ sound: true, records: RECORDS, providers: 2 });
    } finally {
      await store.close();
    }
  });

  test.each(['a little', 'half', 'nearly all', 'all'])('of which %s is cut off never reaches LMDB, which would end the process', async (share) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    await filled(path);
    const { size } = await stat(path);
    const left = { 'a little': size - 40 * PAGE_BYTES, half: Math.floor(size / 2), 'nearly all': 5000, all: 0 }[share]!;
    await truncate(path, left);
    await expect(open(path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
    await using store = await open(path, { damaged: 'salvage' });
    const found = await intact(store);
    expect(found).toBeLessThan(ALL);
    // The root lies at the end: records are found although no inner page leads to them.
    if (share !== 'nearly all' && share !== 'all') expect(found).toBeGreaterThan(ALL / 4);
  });

  test('with one wrong byte in a value: that record rejects, scans and other reads go on', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    await filled(path);
    const bytes = await readFile(path);
    bytes[(await placeOf(path, keyOf(123))) + 60]! ^= 1;
    await writeFile(path, bytes);
    const damaged: string[] = [];
    await using store = await open(path, { onDamaged: (_error, key) => damaged.push(new TextDecoder().decode(key)) });
    await expect(store.get(keyOf(123))).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
    expect((await store.get(keyOf(124)))?.value).toEqual(valueOf(124));
    const keys: string[] = [];
    for await (const { key } of store.records()) keys.push(new TextDecoder().decode(key));
    expect(keys.length).toBe(ALL - 1);
    expect(damaged).toEqual(['key 123']);
    expect(await store.verify()).toMatchObject({ sound: false, damage: [], damagedRows: 1, records: ALL - 1 });
    // What cannot be read does not stand against what is offered.
    expect(await store.put({ key: keyOf(123), value: valueOf(123) })).toEqual({ outcome: 'inserted' });
    expect(await intact(store)).toBe(ALL);
  });

  test('a page that claims a later transaction than the file is refused: LMDB would write to it in place, and end the process', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    await filled(path);
    const bytes = await readFile(path);
    const leaf = await someLeaf(path);
    bytes[leaf * PAGE_BYTES + 14] = 1;
    await writeFile(path, bytes);
    await expect(open(path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT', message: expect.stringContaining(`page ${leaf}`) });
    await using store = await open(path, { damaged: 'salvage' });
    expect(await intact(store)).toBeGreaterThan(ALL - 60);
  });

  test('whose list of free pages names one twice is refused: LMDB would give it to two trees', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'records.lmdb');
    await filled(path);
    const bytes = await readFile(path);
    await using data = await DataFile.open(path);
    const { free } = data!.meta;
    expect(free.depth).toBe(1);
    const page = bytes.subarray(free.root! * PAGE_BYTES, (free.root! + 1) * PAGE_BYTES);
    // A list of single pages, at least two.
    const list = Array.from(leafNodes(page), ({ value }) => value).find((value) => value instanceof Uint8Array && Array.from(freedPages(value)).filter(([, pages]) => pages === 1).length >= 2);
    const named = Array.from(freedPages(list as Uint8Array)).filter(([, pages]) => pages === 1);
    const words = list as Buffer;
    const second = words.indexOf(Buffer.from(new BigUint64Array([BigInt(named[1]![0])]).buffer));
    words.writeBigUInt64LE(BigInt(named[0]![0]), second);
    await writeFile(path, bytes);
    await expect(open(path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT', message: expect.stringContaining('listed already') });
    await using store = await open(path, { damaged: 'salvage' });
    // Among them one of a page that nothing says is free any more.
    expect(await intact(store)).toBeGreaterThanOrEqual(ALL);
  });

  test('whose first pages are damaged, a bit at a time, is refused or served, and the process lives', { timeout: 120_000 }, async () => {
    await using directory = await temporaryDirectory();
    const base = join(directory.path, 'base.lmdb');
    const path = join(directory.path, 'records.lmdb');
    await filled(base);
    const bytes = await readFile(base);
    const child = fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = endOf(child);
    try {
      // Flags of the page, and of the file; how much there is to map.
      for (const place of [18, 19, 46, 47, 52, 53, ...Array.from({ length: 8 }, (_, at) => 144 + at)]) {
        for (let bit = 0; bit < 8; bit += LONG || place < 100 ? 1 : 3) {
          for (const page of [0, 1]) {
            const damaged = Buffer.from(bytes);
            damaged[page * PAGE_BYTES + place]! ^= 1 << bit;
            await writeFile(path, damaged);
            child.send({ round: 0 });
            const [answer] = (await Promise.race([answered(child), ended])) as [string];
            expect(['refused', 'served'], `bit ${bit} of byte ${place} of page ${page}: ${answer}`).toContain(answer);
          }
        }
      }
    } finally {
      child.kill();
    }
  });

  test('at random: whatever was done to it, opening refuses it or every read is right, and the process lives', { timeout: 600_000 }, async () => {
    await using directory = await temporaryDirectory();
    const base = join(directory.path, 'base.lmdb');
    const path = join(directory.path, 'records.lmdb');
    await filled(base);
    const bytes = await readFile(base);
    const random = new SeededRandom(20_260_101);
    const child = fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const outcomes = { refused: 0, served: 0 };
    const ended = endOf(child);
    try {
      for (let round = 0; round < (LONG ? 3000 : 150); round++) {
        await writeFile(path, damage(bytes, random, round));
        child.send({ round });
        const [answer] = (await Promise.race([answered(child), ended])) as [string];
        expect(['refused', 'served'], `round ${round}: ${answer}`).toContain(answer);
        outcomes[answer as 'refused' | 'served'] += 1;
      }
    } finally {
      child.kill();
    }
    expect(outcomes.refused).toBeGreaterThan(20);
    expect(outcomes.served).toBeGreaterThan(20);
  });
});

test('a file of something else, of a later format, or one that is in use is refused with what to do', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await writeFile(path, 'a text');
  await expect(open(path)).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
  const other = join(directory.path, 'other.lmdb');
  const { open: openLmdb } = await import('lmdb');
  const foreign = openLmdb({ path: other, noSubdir: true, pageSize: PAGE_BYTES, overlappingSync: false });
  await foreign.put('a', 'b');
  await foreign.close();
  await expect(open(other)).rejects.toMatchObject({ code: 'RECORD_STORE_CONFIG' });

  const used = join(directory.path, 'used.lmdb');
  const store = await open(used);
  await expect(open(used)).rejects.toMatchObject({ code: 'RECORD_STORE_IN_USE' });
  const child = fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [used], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send({ round: 0, explain: true });
  const [answer] = (await once(child, 'message')) as [string];
  child.kill();
  expect(answer).toBe('RECORD_STORE_IN_USE');
  await store.close();
});

test('a file that is in use is neither judged nor set aside, whoever uses it and however it looks', { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await filled(path);
  const leaf = await someLeaf(path);
  const refused = async (): Promise<void> => {
    const { ino } = await stat(path);
    for (const attempt of [() => open(path), () => open(path, { damaged: 'salvage' }), () => checkLmdbFile(path), () => salvageLmdbFile(path), () => compactLmdbFile(path)]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'RECORD_STORE_IN_USE' });
    }
    expect((await stat(path)).ino).toBe(ino);
    expect((await readdir(directory.path)).toSorted()).toEqual(['records.lmdb', 'records.lmdb-lock']);
  };
  const child = fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  try {
    child.send({ round: 0, explain: true, keep: true });
    expect(await answered(child)).toEqual(['served']);
    // As pages look while they are written.
    const handle = await openFile(path, 'r+');
    const { buffer: kept } = await handle.read(Buffer.alloc(PAGE_BYTES), 0, PAGE_BYTES, leaf * PAGE_BYTES);
    await handle.write(Buffer.alloc(PAGE_BYTES, 0xa5), 0, PAGE_BYTES, leaf * PAGE_BYTES);
    await refused();
    await handle.write(kept, 0, PAGE_BYTES, leaf * PAGE_BYTES);
    await handle.close();
  } finally {
    child.kill();
  }
  await ended;
  await using store = await open(path);
  await refused();
  expect(await store.verify()).toMatchObject({ sound: true });
});

test('of several processes that salvage one file at once, one gets it, and nothing is lost on the way', { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await filled(path);
  const bytes = await readFile(path);
  const leaf = await someLeaf(path);
  bytes.fill(0xa5, leaf * PAGE_BYTES, (leaf + 1) * PAGE_BYTES);
  await writeFile(path, bytes);
  const children = Array.from({ length: 4 }, () => fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  try {
    const answers = children.map(answered);
    for (const child of children) child.send({ round: 0, explain: true, keep: true, salvage: true });
    const outcomes = (await Promise.all(answers)).map(([answer]) => answer);
    expect(outcomes.map(String).toSorted((one, other) => one.localeCompare(other))).toEqual(['RECORD_STORE_IN_USE', 'RECORD_STORE_IN_USE', 'RECORD_STORE_IN_USE', 'served']);
    expect((await readdir(directory.path)).filter((name) => name.includes('.damaged-'))).toEqual(['records.lmdb.damaged-1']);
  } finally {
    for (const child of children) child.kill();
  }
});

test('of several processes that open one file at once, one gets it', { timeout: 60_000 }, async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await filled(path);
  const children = Array.from({ length: 4 }, () => fork(fileURLToPath(new URL('lmdb-damage-child.ts', import.meta.url)), [path], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  try {
    const answers = children.map(answered);
    for (const child of children) child.send({ round: 0, explain: true, keep: true });
    const outcomes = (await Promise.all(answers)).map(([answer]) => answer);
    expect(outcomes.map(String).toSorted((one, other) => one.localeCompare(other))).toEqual(['RECORD_STORE_IN_USE', 'RECORD_STORE_IN_USE', 'RECORD_STORE_IN_USE', 'served']);
  } finally {
    for (const child of children) child.kill();
  }
});

test('a compacted file has the same records in fewer pages', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'records.lmdb');
  await filled(path);
  const store = await open(path);
  for (let number = 0; number < RECORDS; number += 2) await store.remove(keyOf(number));
  const left = await intact(store);
  // While it is written to.
  const [live] = await Promise.all([store.compact(), store.put({ key: keyOf(1), value: valueOf(1) }), store.verify()]);
  expect(live.bytesAfter).toBeLessThan(live.bytesBefore);
  expect((await stat(path)).size).toBeLessThan(live.bytesBefore);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await store.put({ key: keyOf(2), value: valueOf(3) });
  await store.put({ key: keyOf(2), value: valueOf(2) });
  await store.remove(keyOf(2));
  expect(await intact(store)).toBe(left);
  for (let number = 1; number < RECORDS; number += 6) await store.remove(keyOf(number));
  const kept = await intact(store);
  await store.copyTo(join(directory.path, 'copy.lmdb'));
  await expect(compactLmdbFile(path)).rejects.toMatchObject({ code: 'RECORD_STORE_IN_USE' });
  await store.close();
  const { bytesBefore, bytesAfter } = await compactLmdbFile(path);
  expect(bytesAfter).toBeLessThan(bytesBefore);
  for (const name of ['records.lmdb', 'copy.lmdb']) {
    expect((await stat(join(directory.path, name))).mode & 0o777, name).toBe(0o600);
    await using again = await open(join(directory.path, name));
    expect(await intact(again)).toBe(kept);
    expect(await again.verify()).toMatchObject({ sound: true, records: kept, providers: 2 });
  }
  // What a crash in the middle of such work leaves behind is cleared away.
  await writeFile(`${path}.compact-1`, 'left over');
  await using clearing = await open(path);
  expect(await intact(clearing)).toBe(kept);
  await expect(stat(`${path}.compact-1`)).rejects.toMatchObject({ code: 'ENOENT' });
  await copyFile(path, join(directory.path, 'moved.lmdb'));
  await using moved = await open(join(directory.path, 'moved.lmdb'));
  expect(await intact(moved)).toBe(kept);
});

async function endOf(child: ChildProcess): Promise<[string]> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return [`the process ended with ${code ?? signal}`];
}

/** Not `once`: that would leave a listener for errors behind each time. A child that goes round for ever ends, and that is its answer. */
function answered(child: ChildProcess): Promise<[unknown]> {
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS);
    child.once('message', (message) => {
      clearTimeout(late);
      resolve([message]);
    });
  });
}

/** A page of records that is used. */
async function someLeaf(path: string): Promise<number> {
  await using file = await DataFile.open(path);
  const { leaves } = await survey(file!);
  return leaves[Math.floor(leaves.length / 3)]!;
}

/** Where a live record's row begins. */
async function placeOf(path: string, key: Uint8Array): Promise<number> {
  const bytes = await readFile(path);
  const row = Buffer.concat([Buffer.of(1), key]);
  await using file = await DataFile.open(path);
  for (const leaf of (await survey(file!)).leaves) {
    const at = bytes.subarray(leaf * PAGE_BYTES, (leaf + 1) * PAGE_BYTES).indexOf(row);
    if (at >= 0) return leaf * PAGE_BYTES + at;
  }
  throw new Error('not in the file');
}

function damage(base: Buffer, random: SeededRandom, round: number): Buffer {
  const bytes = Buffer.from(base);
  const pages = bytes.length / PAGE_BYTES;
  const below = (bound: number): number => Math.floor(random.float() * bound);
  const page = (): number => 2 + below(pages - 2);
  switch (round % 6) {
    case 0:
      for (let flip = 0; flip < 20; flip++) bytes[2 * PAGE_BYTES + below(bytes.length - 2 * PAGE_BYTES)]! ^= 1 << below(8);
      return bytes;
    case 1: {
      const at = below(pages) * PAGE_BYTES;
      for (let flip = 0; flip < 3; flip++) bytes[at + below(120)]! ^= 1 << below(8);
      return bytes;
    }
    case 2: {
      const at = page() * PAGE_BYTES;
      for (let byte = 0; byte < PAGE_BYTES; byte++) bytes[at + byte] = below(256);
      return bytes;
    }
    case 3:
      base.copy(bytes, page() * PAGE_BYTES, page() * PAGE_BYTES, bytes.length - PAGE_BYTES);
      return bytes;
    case 4: {
      const at = page() * PAGE_BYTES;
      return bytes.fill(0, at, at + PAGE_BYTES);
    }
    default:
      return bytes.subarray(0, below(bytes.length));
  }
}

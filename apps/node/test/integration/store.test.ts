import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDat, encodeEntry, encodeGodaveBackup, generateKeyPair, type Entry } from '@p2p/dave-wire';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askDaemon } from '../../src/control/ask-daemon.ts';
import { storeRoutes } from '../../src/control/store-routes.ts';
import { DaemonStore } from '../../src/store/daemon-store.ts';
import type { StoreTasks } from '../../src/store/store-tasks.ts';
import { writeWhole } from '../../src/store/write-whole.ts';
import { errorIn, run, startDaemon, temporaryHome, type Daemon, type Ended } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
const KEYS = ['one', 'two', 'three'];

beforeAll(async () => {
  home = await temporaryHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const dave = (dir: string, ...args: string[]): Promise<Ended> => run([...args, '--data-dir', join(home.path, dir)], { home: home.path });
const json = async <T = Record<string, unknown>>(dir: string, ...args: string[]): Promise<T> => {
  const ended = await dave(dir, ...args, '--json');
  expect(ended.err === '' || ended.code === 0, ended.err).toBe(true);
  return JSON.parse(ended.out) as T;
};

async function stop(daemon: Daemon): Promise<void> {
  daemon.dave.signal('SIGTERM');
  expect((await daemon.dave.ended).code).toBe(0);
}

/** A daemon alone takes a put on itself with no acknowledgement from others. */
async function put(dir: string, key: string): Promise<void> {
  expect(await dave(dir, 'put', key, `value of ${key}`, '--min-acks', '0')).toMatchObject({ code: 0 });
}

test('what was put is there after a restart, and every store command works on the running node and on its files', { timeout: 120_000 }, async () => {
  const dir = 'main';
  let daemon = await startDaemon(home.path, dir);
  for (const key of KEYS) await put(dir, key);
  const running = await json(dir, 'store', 'stats');
  expect(running).toMatchObject({ engine: 'lmdb', durable: 'power-loss', records: 3, memory: { dats: 3 }, counters: { puts: { inserted: 3 } } });
  expect((await dave(dir, 'store', 'stats')).out).toContain('survives power loss');
  expect(await json(dir, 'store', 'verify', '--deep')).toMatchObject({ sound: true, records: 3, invalidDats: 0, deep: true });
  expect(await json(dir, 'store', 'compact')).toMatchObject({ bytesBefore: expect.any(Number), bytesAfter: expect.any(Number) });
  const file = join(home.path, 'running.backup');
  expect(await json(dir, 'store', 'backup', file)).toMatchObject({ file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { stdout } = await dave(dir, 'store', 'backup', '-');
  expect(stdout.length).toBe((await stat(file)).size);
  await stop(daemon);

  daemon = await startDaemon(home.path, dir);
  for (const key of KEYS) expect(await dave(dir, 'get', key)).toMatchObject({ code: 0, out: `value of ${key}` });
  expect(await json(dir, 'store', 'restore', file)).toMatchObject({ records: 3, imported: 0, duplicates: 3 });
  await stop(daemon);

  expect(await json(dir, 'store', 'stats')).toMatchObject({ engine: 'lmdb', records: 3, memory: null });
  expect(await json(dir, 'store', 'verify', '--deep')).toMatchObject({ sound: true, records: 3 });
  expect(await json(dir, 'store', 'compact')).toMatchObject({ bytesBefore: expect.any(Number) });
  const stoppedFile = join(home.path, 'stopped.backup');
  await json(dir, 'store', 'backup', stoppedFile);
  expect((await readFile(stoppedFile)).length).toBe((await readFile(file)).length);

  // Into a directory where no node has been, then a node serves it.
  expect(await json('other', 'store', 'restore', stoppedFile)).toMatchObject({ records: 3, imported: 3, invalid: 0 });
  expect(await json('other', 'store', 'restore', stoppedFile)).toMatchObject({ records: 3, imported: 0, duplicates: 3 });
  await copyFile(join(home.path, dir, 'key.dave'), join(home.path, 'other', 'key.dave'));
  await using other = await startDaemon(home.path, 'other');
  void other;
  for (const key of KEYS) expect(await dave('other', 'get', key)).toMatchObject({ code: 0, out: `value of ${key}` });
});

test('a backup of the Go implementation is restored, damage costs what it hit and is told', { timeout: 60_000 }, async () => {
  const author = generateKeyPair();
  const entries: Entry[] = [];
  for (let number = 0; number < 20; number++) entries.push({ dat: await createDat({ privateKey: author.privateKey, key: `k${number}`, value: new Uint8Array(50) }), replicas: [] });
  const forged: Entry = { ...entries[0]!, dat: { ...entries[0]!.dat, key: 'forged' } };
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeGodaveBackup([...entries, forged])) chunks.push(chunk.slice());
  const bytes = Buffer.concat(chunks);
  const file = join(home.path, 'go.backup');
  // The length and the head of the fifth record.
  const fifth = 4 * (2 + encodeEntry(entries[0]!).length);
  bytes.fill(0xff, fifth, fifth + 60);
  await writeFile(file, bytes);
  const stopped = await dave('go', 'store', 'restore', file, '--json');
  expect(stopped.code).toBe(1);
  const report = JSON.parse(stopped.out) as Record<string, number>;
  expect(report['invalid']).toBe(1);
  expect(report['damaged']).toBeGreaterThan(0);
  expect(report['imported']).toBeGreaterThan(14);

  await using daemon = await startDaemon(home.path, 'go-running');
  void daemon;
  const live = await dave('go-running', 'store', 'restore', file, '--json');
  expect(JSON.parse(live.out)).toMatchObject({ imported: report['imported'], invalid: 1, notDurable: 0 });
  expect(await json('go-running', 'store', 'stats')).toMatchObject({ records: report['imported'] });
});

test('a damaged file is told by verify, salvaged by the next start, and what is intact is served', { timeout: 60_000 }, async () => {
  const dir = 'damaged';
  const keys = Array.from({ length: 40 }, (_, number) => `key ${number}`);
  const author = generateKeyPair();
  const entries = await Promise.all(keys.map(async (key): Promise<Entry> => ({ dat: await createDat({ privateKey: author.privateKey, key, value: new Uint8Array(900).fill(7) }), replicas: [] })));
  const backup = join(home.path, 'damaged.backup');
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeGodaveBackup(entries)) chunks.push(chunk.slice());
  await writeFile(backup, Buffer.concat(chunks));
  await json(dir, 'store', 'restore', backup);
  const path = join(home.path, dir, 'records.lmdb');
  const bytes = await readFile(path);
  // A page of records that is used: the last place where one of the values is.
  const at = Math.floor(bytes.lastIndexOf(Buffer.alloc(600, 7)) / 4096) * 4096;
  bytes.fill(0x5a, at, at + 4096);
  await writeFile(path, bytes);

  const verified = await dave(dir, 'store', 'verify', '--json');
  expect(verified.code).toBe(1);
  expect(JSON.parse(verified.out)).toMatchObject({ sound: false, damage: [expect.stringContaining('damaged')] });
  expect(await dave(dir, 'store', 'stats')).toMatchObject({ code: 1, err: expect.stringContaining('is damaged') });

  await using daemon = await startDaemon(home.path, dir);
  expect(daemon.dave.err).toContain('was damaged');
  const { records } = await json<{ records: number }>(dir, 'store', 'stats');
  expect(records).toBeGreaterThan(30);
  expect(records).toBeLessThan(40);
  expect((await readdir(join(home.path, dir))).some((name) => name.startsWith('records.lmdb.damaged-'))).toBe(true);
  const publicKey = Buffer.from(author.publicKey).toString('hex');
  // Asked of the daemon over its control socket, which is quicker than forty processes.
  const found = await Promise.all(keys.map((key) => askDaemon(daemon.control, { method: 'GET', path: `/v1/dats/${publicKey}?${new URLSearchParams({ key, timeoutMs: '2000' }).toString()}`, timeoutMs: 10_000, signal: AbortSignal.timeout(20_000) }).catch(() => ({ found: false }))));
  expect(found.filter((answer) => (answer as { found: boolean }).found).length).toBe(records);
});

test('a record whose checksum is wrong is left out of a backup, running or stopped, and said to be', { timeout: 60_000 }, async () => {
  const dir = 'one-row';
  const author = generateKeyPair();
  const entries = await Promise.all(KEYS.map(async (key): Promise<Entry> => ({ dat: await createDat({ privateKey: author.privateKey, key, value: new Uint8Array(300).fill(9) }), replicas: [] })));
  const whole = join(home.path, 'whole.backup');
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeGodaveBackup(entries)) chunks.push(chunk.slice());
  await writeFile(whole, Buffer.concat(chunks));
  await json(dir, 'store', 'restore', whole);
  const file = join(home.path, 'rest.backup');
  expect(await json(dir, 'store', 'backup', file)).toMatchObject({ leftOut: 0 });
  const path = join(home.path, dir, 'records.lmdb');
  const bytes = await readFile(path);
  bytes[bytes.lastIndexOf(Buffer.alloc(200, 9)) + 100]! ^= 1;
  await writeFile(path, bytes);

  const left = async (): Promise<void> => {
    const ended = await dave(dir, 'store', 'backup', file, '--json');
    expect([ended.code, JSON.parse(ended.out)]).toMatchObject([1, { leftOut: 1 }]);
    expect(ended.err).toContain('1 damaged records are not in it');
    expect((await stat(file)).size).toBeLessThan((await stat(whole)).size * 0.7);
    expect(await dave(dir, 'store', 'backup', '-')).toMatchObject({ code: 1, err: expect.stringContaining('1 damaged records') });
    const verified = await dave(dir, 'store', 'verify');
    expect(verified).toMatchObject({ code: 1, out: expect.stringContaining('1 records whose checksum is wrong') });
    expect(verified.out).toContain('until they are put again');
    expect(verified.out).not.toContain('the next start of the node');
  };
  await left();
  await using daemon = await startDaemon(home.path, dir);
  void daemon;
  await left();
});

test('a backup that fails in the middle leaves no file, and says so', async () => {
  const broken = { backup: async function* () {
    yield new Uint8Array(100_000);
    throw new Error('the disk is gone');
  } } as unknown as StoreTasks;
  const socketPath = join(home.path, 'broken.sock');
  const app = new Hono().route('/v1/store', storeRoutes(broken));
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve);
  });
  try {
    const file = join(home.path, 'broken.backup');
    const chunks = new DaemonStore(socketPath).backup({ onProgress: () => undefined, onLeftOut: () => undefined, signal: AbortSignal.timeout(10_000) });
    await expect(writeWhole(file, chunks)).rejects.toMatchObject({ code: 'APP_DAEMON_UNREACHABLE' });
    expect((await readdir(home.path)).filter((name) => name.startsWith('broken.backup'))).toEqual([]);
  } finally {
    server.close();
  }
});

test('store commands say what is wrong, with their exit codes', async () => {
  const nothing = await dave('nowhere', 'store', 'stats', '--json');
  expect([nothing.code, errorIn(nothing).code]).toEqual([3, 'APP_STORE_MISSING']);
  expect((await dave('nowhere', 'store', 'verify')).code).toBe(3);
  const missing = await dave('nowhere', 'store', 'restore', join(home.path, 'no such file'), '--json');
  expect([missing.code, errorIn(missing).code]).toEqual([1, 'APP_FILE_FAILED']);
  expect((await dave('nowhere', 'store', 'restore')).code).toBe(2);
  await using daemon = await startDaemon(home.path, 'in-use');
  const unwritable = await dave('in-use', 'store', 'backup', join(home.path, 'no', 'such', 'directory'), '--json');
  expect([unwritable.code, errorIn(unwritable).code]).toEqual([1, 'APP_FILE_FAILED']);
  const salvage = await dave('in-use', 'store', 'verify', '--salvage', '--json');
  expect([salvage.code, errorIn(salvage).code]).toEqual([2, 'APP_USAGE']);
  void daemon;
  const memory = await run(['store', 'stats', '--data-dir', join(home.path, 'm'), '--json'], { home: home.path, env: { DAVE_RECORDS: 'memory' } });
  expect([memory.code, errorIn(memory).code]).toEqual([2, 'APP_USAGE']);
});

test('with records: memory a restart starts empty', { timeout: 60_000 }, async () => {
  const env = { DAVE_RECORDS: 'memory' };
  const first = await startDaemon(home.path, 'volatile', [], env);
  await put('volatile', 'gone');
  expect(await json('volatile', 'store', 'stats')).toMatchObject({ engine: 'memory', durable: 'no', records: 1 });
  expect((await dave('volatile', 'store', 'compact')).code).toBe(2);
  await stop(first);
  await using second = await startDaemon(home.path, 'volatile', [], env);
  void second;
  expect(await json('volatile', 'store', 'stats')).toMatchObject({ records: 0 });
});

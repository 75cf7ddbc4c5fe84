import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorIn, run, start, startDaemon, temporaryHome, type Daemon, type Ended, type StartOptions } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let first: Daemon;
let second: Daemon;

beforeAll(async () => {
  home = await temporaryHome();
  first = await startDaemon(home.path, 'first');
  second = await startDaemon(home.path, 'second', ['--edge', `${first.publicKey}@${first.listen}`]);
  await second.dave.says('err', /"msg":"peer active"/);
  await first.dave.says('err', /"msg":"peer active"/);
});

afterAll(async () => {
  await second?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const at = (daemon: Daemon, args: readonly string[], options: Partial<StartOptions> = {}): Promise<Ended> =>
  run([...args, '--data-dir', daemon.dataDir], { home: home.path, ...options });

test('the control socket and the key belong to their owner alone', async () => {
  expect((await stat(first.control)).mode & 0o777).toBe(0o600);
  expect((await stat(join(first.dataDir, 'key.dave'))).mode & 0o777).toBe(0o600);
  expect((await stat(first.dataDir)).mode & 0o777).toBe(0o700);
});

test('status shows the node and its peers, for people and for programs', async () => {
  const { code, out } = await at(second, ['status', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    id: second.id,
    publicKey: second.publicKey,
    listen: second.listen,
    mode: 'peer',
    uptimeMs: expect.any(Number),
    activePeers: 1,
    capacity: 256 * 1024 * 1024,
    network: { capacity: 512 * 1024 * 1024 },
    peers: [{ id: first.id, address: first.listen, state: 'active', edge: true, client: false, rttMs: expect.any(Number), protocolVersion: 1 }],
  });
  const shown = await at(second, ['status']);
  expect(shown).toMatchObject({ code: 0, err: '' });
  expect(shown.out).toContain(`peer id     ${second.id}\n`);
  expect(shown.out).toMatch(new RegExp(`^  ${first.id}  active +[0-9.]+ ms  ${first.listen}  edge$`, 'm'));
});

test('peers ls shows who is remembered, with the score and its parts', async () => {
  const { code, out } = await at(second, ['peers', 'ls', '--json']);
  expect(code).toBe(0);
  const [remembered, ...others] = JSON.parse(out) as Record<string, unknown>[];
  expect(others).toEqual([]);
  expect(remembered).toMatchObject({
    publicKey: first.publicKey,
    address: first.listen,
    score: expect.any(Number),
    parts: { success: expect.any(Number), rtt: expect.any(Number), freshness: expect.any(Number), capabilities: expect.any(Number) },
    successes: 1,
    failures: 0,
    retryAt: null,
  });
  expect((await at(second, ['peers', 'ls'])).out).toMatch(new RegExp(`^[01]\\.\\d\\d .* 1/1 .* ${first.publicKey.slice(0, 16)}  ${first.listen.replaceAll(/[[\].]/g, String.raw`\$&`)}$`, 'm'));
});

describe('what is put into one daemon is got from the other, unchanged', () => {
  const binary = new Uint8Array(1224 - 6).map((_, index) => index * 7);
  test.each<[string, string, string | undefined, Uint8Array]>([
    ['text', 'text', 'grüße 😀\n', new TextEncoder().encode('grüße 😀\n')],
    ['an empty value', 'empty', '', new Uint8Array(0)],
    ['as many bytes as fit, none of them text', 'binary', undefined, binary],
    ['a key with slashes', 'a/b//c/', 'slashes', new TextEncoder().encode('slashes')],
    ['a key that looks like an address', '../%2F?x=1&key=2#+ ;', 'odd', new TextEncoder().encode('odd')],
    ['the key ..', '..', 'dots', new TextEncoder().encode('dots')],
    ['the empty key', '', 'no name', new TextEncoder().encode('no name')],
    ['a key of 255 bytes', 'ü'.repeat(127) + 'x', 'long', new TextEncoder().encode('long')],
  ])('%s', async (_what, key, value, bytes) => {
    const put = await at(first, ['put', key, ...(value === undefined ? [] : [value]), '--min-acks', '2'], { input: binary });
    expect(put).toMatchObject({ code: 0, out: `${first.publicKey}/${key}\n`, err: 'stored by 2 of 2 replicas\n' });
    const got = await at(second, ['get', `${first.publicKey}/${key}`]);
    expect(got).toMatchObject({ code: 0, err: '' });
    expect(new Uint8Array(got.stdout)).toEqual(bytes);
    // Its author needs no public key.
    expect(new Uint8Array((await at(first, ['get', key])).stdout)).toEqual(bytes);
  });
});

test('values come from arguments, files and standard input; JSON has them in base64', async () => {
  const file = join(home.path, 'value.bin');
  const bytes = new Uint8Array([0, 255, 10, 13, 0, 128]);
  await writeFile(file, bytes);
  const put = await at(first, ['put', 'from-file', `@${file}`, '--json']);
  expect(JSON.parse(put.out)).toEqual({
    publicKey: first.publicKey,
    key: 'from-file',
    time: expect.any(Number),
    bytes: 6,
    acks: 2,
    replicas: expect.arrayContaining([{ id: first.id, outcome: 'stored' }, { id: second.id, outcome: 'stored' }]),
  });
  expect((await at(first, ['put', 'from-stdin', '-'], { input: bytes })).code).toBe(0);
  for (const key of ['from-file', 'from-stdin']) {
    const got = JSON.parse((await at(second, ['get', `${first.publicKey}/${key}`, '--json'])).out) as { value: string };
    expect(got).toMatchObject({ found: true, publicKey: first.publicKey, key, time: expect.any(Number), source: 'local' });
    expect(new Uint8Array(Buffer.from(got.value, 'base64'))).toEqual(bytes);
  }
});

test('get -o writes a file and nothing to standard output', async () => {
  await at(first, ['put', 'for-a-file', 'content']);
  const file = join(home.path, 'out.bin');
  expect(await at(first, ['get', 'for-a-file', '-o', file])).toMatchObject({ code: 0, out: '', err: '' });
  expect(await readFile(file, 'utf8')).toBe('content');
  expect(await at(first, ['get', 'for-a-file', '-o', join(home.path, 'no', 'such', 'directory')])).toMatchObject({ code: 1, err: expect.stringMatching(/^dave: cannot write .*ENOENT/) });
});

test('a later put replaces the value, and --latest asks the replicas for it', async () => {
  for (const value of ['one', 'two']) expect((await at(first, ['put', 'changing', value, '--min-acks', '2'])).code).toBe(0);
  for (const daemon of [first, second]) expect(await at(daemon, ['get', `${first.publicKey}/changing`, '--latest'])).toMatchObject({ code: 0, out: 'two' });
});

test('a public key is read in either case', async () => {
  await at(first, ['put', 'case', 'x']);
  expect(await at(first, ['get', `${first.publicKey.toUpperCase()}/case`])).toMatchObject({ code: 0, out: 'x' });
});

test('a key that nobody has: 3', async () => {
  expect(await at(second, ['get', 'nothing'])).toMatchObject({ code: 3, out: '', err: 'not found: 1 of 1 peers answered\n' });
  const { code, out } = await at(second, ['get', 'nothing', '--json']);
  expect({ code, told: JSON.parse(out) as unknown }).toEqual({ code: 3, told: { found: false, asked: 1, answered: 1 } });
});

test('fewer acknowledgements than asked for: 5, with how far it got', async () => {
  const ended = await at(first, ['put', 'few', 'x', '--min-acks', '3', '--timeout', '2s', '--json']);
  expect(ended.code).toBe(5);
  expect(errorIn(ended)).toMatchObject({ code: 'NODE_NOT_ENOUGH_ACKS', acks: 2, replicas: [{ outcome: 'stored' }, { outcome: 'stored' }] });
});

test('a short-lived node writes and reads through an edge, under a key of its own', async () => {
  const args = ['--data-dir', join(home.path, 'nobody'), '--edge', first.listen];
  const put = await run(['put', 'through-an-edge', 'hello', ...args], { home: home.path });
  expect(put).toMatchObject({ code: 0, err: expect.stringMatching(/^created the key file .*key\.dave\nstored by 2 of 2 replicas\n$/) });
  const [, author] = /^([0-9a-f]{64})\/through-an-edge\n$/.exec(put.out) ?? [];
  const got = await run(['get', `${author}/through-an-edge`, '--latest', ...args], { home: home.path });
  expect(got).toMatchObject({ code: 0, out: 'hello', err: '' });
  expect(await run(['get', 'nothing', ...args], { home: home.path })).toMatchObject({ code: 3 });
  const few = await run(['put', 'few', 'x', '--min-acks', '3', '--timeout', '2s', '--json', ...args], { home: home.path });
  expect(few.code).toBe(5);
  expect(errorIn(few)).toMatchObject({ code: 'NODE_NOT_ENOUGH_ACKS', acks: 2 });
});

test('reading what somebody else wrote needs no key and makes none', async () => {
  await at(first, ['put', 'public', 'x']);
  const dataDir = join(home.path, 'reader');
  expect(await run(['get', `${first.publicKey}/public`, '--edge', second.listen, '--data-dir', dataDir], { home: home.path })).toMatchObject({ code: 0, out: 'x' });
  await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await run(['get', 'mine', '--edge', second.listen, '--data-dir', dataDir], { home: home.path })).toMatchObject({ code: 2, err: expect.stringContaining('dave key new') });
});

test('a reader that goes away early is no failure', async () => {
  await at(first, ['put', 'unread', 'x'.repeat(1000)]);
  await using got = start(['get', 'unread', '--data-dir', first.dataDir], { home: home.path, input: '' });
  got.child.stdout.destroy();
  expect(await got.ended).toMatchObject({ code: 0, signal: null, err: '' });
  await using watch = start(['status', '--watch', '--data-dir', first.dataDir], { home: home.path, input: '' });
  await watch.says('out', /peer id/);
  watch.child.stdout.destroy();
  expect(await watch.ended).toMatchObject({ code: 0, signal: null, err: '' });
});

test('what others could read is not used as a key', async () => {
  const keyFile = join(home.path, 'loose', 'key.dave');
  await mkdir(join(home.path, 'loose'));
  await writeFile(keyFile, await readFile(join(first.dataDir, 'key.dave')));
  await chmod(keyFile, 0o644);
  expect(await at(first, ['put', 'a', 'b', '--key-file', keyFile])).toMatchObject({ code: 2, err: expect.stringContaining(`chmod 600 ${keyFile}`) });
});

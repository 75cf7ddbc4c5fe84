import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND, Dave, errorIn, run, temporaryHome, type Ended } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeAll(async () => {
  home = await temporaryHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const dave = (...args: string[]): Promise<Ended> => run(args, { home: home.path });

describe('what is not understood ends with 2 and says what was meant', () => {
  test.each<[string, string[], RegExp]>([
    ['a command', ['staus'], /unknown command 'staus'\n\(Did you mean status\?\)/],
    ['a command of a group', ['key', 'shwo'], /unknown command 'shwo'\n\(Did you mean show\?\)/],
    ['an option', ['put', 'a', 'b', '--dificulty', '9'], /unknown option '--dificulty'\n\(Did you mean --difficulty\?\)/],
    ['a shared option', ['status', '--jsno'], /unknown option '--jsno'\n\(Did you mean --json\?\)/],
    ['a word', ['status', '--log-level', 'inf'], /one of debug, info, warn, error, silent\. Did you mean info\?/],
    ['a number', ['put', 'a', 'b', '--difficulty', '7'], /'7' is invalid\. It must be a whole number from 8 to 64/],
    ['a time', ['get', 'a', '--timeout', '3h'], /'3h' is invalid\. It must be a time from 1ms to 2m/],
    ['a missing argument', ['get'], /missing required argument 'key'/],
    ['one argument too many', ['get', 'a', 'b'], /too many arguments/],
    ['an address', ['up', '--listen', '127.0.0.1'], /--listen: listen = "127\.0\.0\.1": must be host:port with a port/],
    ['a port', ['up', '--listen', '127.0.0.1:99999'], /--listen: listen = "127\.0\.0\.1:99999": must be host:port with a port from 0 to 65534/],
    ['an edge', ['get', `${'0'.repeat(64)}/a`, '--edge', 'nowhere'], /--edge: edges\.0 = "nowhere": must be host:port/],
    ['a size', ['up', '--capacity', '12 parsecs'], /--capacity: capacity = "12 parsecs": must be a size/],
  ])('%s', async (_what, args, message) => {
    const { code, out, err } = await dave(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test('no command at all lists the commands', async () => {
    const { code, out, err } = await dave();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    for (const name of ['demo', 'up', 'put', 'get', 'key', 'status', 'version']) expect(err).toMatch(new RegExp(`^  ${name} `, 'm'));
  });
});

describe('with --json failures are documents too', () => {
  test.each<[string, string[], number, { code: string; message: RegExp }]>([
    ['no command', ['--json'], 2, { code: 'APP_USAGE', message: /a command is missing; there are demo, up, put/ }],
    ['no command of a group', ['key', '--json'], 2, { code: 'APP_USAGE', message: /a command is missing; there are new, show, import/ }],
    ['a data directory that cannot be made', ['key', 'new', '--data-dir', '/dev/null/x', '--json'], 2, { code: 'APP_DATA_DIR', message: /cannot make the directory \/dev\/null\/x: ENOTDIR; choose another --data-dir/ }],
    ['an unknown command', ['staus', '--json'], 2, { code: 'APP_USAGE', message: /^unknown command 'staus'/ }],
    ['a bad value', ['--json', 'put', 'a', 'b', '-d', 'x'], 2, { code: 'APP_USAGE', message: /whole number/ }],
    ['a bad address', ['up', '--listen', 'x', '--json'], 2, { code: 'APP_CONFIG', message: /--listen/ }],
    ['no daemon', ['status', '--json'], 1, { code: 'APP_DAEMON_UNREACHABLE', message: /no daemon runs on .*; start one with: dave up/ }],
    ['no daemon and no edges', ['put', 'a', 'b', '--json'], 2, { code: 'APP_CONFIG', message: /no daemon runs on .* and no edges are configured; start one with: dave up, or name a peer with: --edge/ }],
  ])('%s', async (_what, args, exitCode, { code, message }) => {
    const ended = await dave(...args);
    expect(ended.code).toBe(exitCode);
    expect(errorIn(ended)).toEqual({ code, message: expect.stringMatching(message) });
    expect(ended.err).not.toMatch(/dave:|error:/);
  });
});

test('--json after -- is a value, not an option', async () => {
  const { code, out, err } = await dave('put', 'a', '--', '--json');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain('no edges are configured');
});

test('--version is the command version, also after --json', async () => {
  const [plain, json] = await Promise.all([dave('--version'), dave('--json', '--version')]);
  expect(plain.code).toBe(0);
  expect(JSON.parse(json.out)).toHaveProperty('version');
});

test('a put that nobody can take makes no key file', async () => {
  const directory = join(home.path, 'no-key');
  expect((await dave('put', 'a', 'b', '--data-dir', directory)).code).toBe(2);
  await expect(access(join(directory, 'key.dave'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('shared options stand before or after the command', async () => {
  const [before, after, around] = await Promise.all([
    dave('--json', '--data-dir', '/nowhere', 'status'),
    dave('status', '--json', '--data-dir', '/nowhere'),
    dave('--json', 'status', '--data-dir', '/nowhere'),
  ]);
  expect(errorIn(before).message).toContain('no daemon runs on /nowhere');
  expect(after).toMatchObject({ code: 1, out: before.out });
  expect(around).toMatchObject({ code: 1, out: before.out });
});

test('help is no error, and lists the shared options', async () => {
  for (const args of [['--help'], ['put', '--help'], ['help', 'put'], ['key', 'new', '--help']]) {
    expect(await dave(...args)).toMatchObject({ code: 0, out: expect.stringMatching(/--edge <peer>/), err: '' });
  }
});

test('version says what it speaks and which flavour it is', async () => {
  const { code, out } = await dave('version', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    protocol: 'godave v0.0.51',
    traced: process.env['P2P_FLAVOUR'] === 'traced',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  });
  expect(await dave('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^dave \d/) });
});

describe('a configuration that is wrong', () => {
  test('file, line, column, value and what would be right', async () => {
    const file = join(home.path, 'dave.yaml');
    await writeFile(file, "listen: '127.0.0.1:0'\nlogLevel: lous\nedgse: []\n");
    const { code, err } = await dave('up', '--config', file);
    expect(code).toBe(2);
    expect(err).toContain(`${file}:2:11: logLevel = "lous": `);
    expect(err).toContain(`${file}:3:8: unknown setting 'edgse'; did you mean 'edges'?`);
  });

  test('the file of DAVE_CONFIG, and a variable that is none', async () => {
    const missing = await run(['status'], { home: home.path, env: { DAVE_CONFIG: join(home.path, 'none.yaml') } });
    expect(missing).toMatchObject({ code: 2, err: expect.stringMatching(/cannot read the configuration .*none\.yaml/) });
    const unknown = await run(['status'], { home: home.path, env: { DAVE_LISTNE: 'x' } });
    expect(unknown).toMatchObject({ code: 2, err: 'dave: DAVE_LISTNE: no such setting; did you mean DAVE_LISTEN?\n' });
  });
});

describe('what does not fit is refused before a peer is looked for or a key is made', () => {
  test.each<[string, string[], RegExp]>([
    ['a value above 1224 bytes with its key', ['put', 'key', 'x'.repeat(1222), '--difficulty', '40'], /at most 1224 bytes, these have 3 \+ 1222; split/],
    ['a key above 255 bytes', ['put', 'ü'.repeat(128), 'x', '--difficulty', '40'], /at most 255 bytes of UTF-8, this one has 256/],
    ['a file that is too large', ['put', 'key', '@/dev/zero'], /\/dev\/zero has more than 1221 bytes/],
    ['a file that is not there', ['put', 'key', '@/nowhere/x'], /cannot read \/nowhere\/x/],
    ['a directory', ['put', 'key', '@/'], /cannot read \//],
    ['a long key to read', ['get', 'x'.repeat(256)], /at most 255 bytes/],
  ])('%s', async (_what, args, message) => {
    const { code, err } = await dave(...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('standard input that is too long', async () => {
    const { code, err } = await run(['put', 'key', '-'], { home: home.path, input: new Uint8Array(100_000) });
    expect({ code, err }).toEqual({ code: 2, err: 'dave: standard input has more than 1221 bytes, which is more than fits\n' });
  });

  test('arguments that are no UTF-8', async () => {
    for (const [args, what] of [["put \"$(printf 'a\\377')\" x", 'the key'], ["put key \"$(printf '\\377')\"", 'the value'], ["get \"$(printf '\\377')\"", 'the key']]) {
      const command = ['sh', '-c', `exec "$@" ${args}`, 'sh', ...COMMAND];
      await using running = new Dave(command, { home: home.path, input: '' });
      expect(await running.ended).toMatchObject({ code: 2, err: expect.stringContaining(`${what} holds bytes that are no UTF-8`) });
    }
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COMMAND, errorIn, run, start, startDaemon, temporaryHome, type Daemon, type Ended } from './dave-process.ts';

const TRACED = process.env['P2P_FLAVOUR'] === 'traced';

interface Shown {
  traceId: string;
  lines: string[];
  events: { kind: string; name?: string; nodeId: string; spanId: string }[];
}

let home: Awaited<ReturnType<typeof temporaryHome>>;
/** Started as `dave up --traced`, whichever flavour is tested. */
let first: Daemon;
let second: Daemon;

beforeAll(async () => {
  home = await temporaryHome();
  first = await startDaemon(home.path, 'first', ['--traced']);
  second = await startDaemon(home.path, 'second', ['--traced', '--edge', `${first.publicKey}@${first.listen}`]);
  await second.dave.says('err', /"msg":"peer active"/);
  await first.dave.says('err', /"msg":"peer active"/);
});

afterAll(async () => {
  await second?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const at = (daemon: Pick<Daemon, 'dataDir'>, args: readonly string[]): Promise<Ended> => run([...args, '--data-dir', daemon.dataDir], { home: home.path });

describe('with daemons that were started with --traced', () => {
  test('get --trace shows what a read did, and both daemons have it under one id', async () => {
    const put = await at(first, ['put', 'seen', 'hello']);
    expect(put.code).toBe(0);
    const key = put.out.trim();
    const read = await at(second, ['get', '--latest', '--trace', '--json', key]);
    const { trace } = JSON.parse(read.out) as { trace: Shown };
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.lines[0]).toMatch(/^get +\+\d+\.\d\d ms +\d+\.\d\d ms/);
    expect(trace.lines.some((line) => /^ {2}ask +\+.* peer [0-9a-f]{8}, 1 sent, 1 received$/.test(line))).toBe(true);

    const other = JSON.parse((await at(first, ['trace', 'show', '--json', trace.traceId])).out) as Shown;
    expect(other.events.flatMap(({ name }) => name ?? [])).toContain('serve-get');
    expect(new Set(other.events.map(({ nodeId }) => nodeId))).toEqual(new Set([first.publicKey]));
    expect((await at(first, ['trace', 'show', trace.traceId])).out).toMatch(/^serve-get +\+\d/m);
  });

  test('for people, the value is on standard output alone', async () => {
    await at(first, ['put', 'plain', 'value']);
    const { out, err, code } = await at(first, ['get', 'plain', '--trace']);
    expect({ code, out }).toEqual({ code: 0, out: 'value' });
    expect(err).toMatch(/^trace [0-9a-f]{32}\nget /);
  });

  test('tail shows the newest events, and follows', async () => {
    const { out, code } = await at(first, ['trace', 'tail', '-n', '3']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(3);
    const lines = (await at(first, ['trace', 'tail', '-n', '5', '--json'])).out.trim().split('\n');
    expect(lines.map((line) => typeof (JSON.parse(line) as { kind: unknown }).kind)).toEqual(Array.from({ length: 5 }, () => 'string'));

    await using following = start(['trace', 'tail', '-f', '-n', '0', '--json', '--data-dir', first.dataDir], { home: home.path });
    await following.says('out', /"packetReceived"/);
    await at(first, ['put', 'while followed', '1']);
    await following.says('out', /"appStart"/);
    following.signal('SIGINT');
    expect((await following.ended).code).toBe(130);
  });

  test('show without an id lists the slowest traces', async () => {
    await at(first, ['put', 'listed', '1']);
    expect((await at(first, ['trace', 'show'])).out).toMatch(/^ {2}[0-9a-f]{32} {2}\S+ +\d+\.\d\d ms/m);
    expect(JSON.parse((await at(first, ['trace', 'show', '--json'])).out)).toMatchObject({ slowest: expect.any(Array), problems: expect.any(Array), log: { slots: 65_536 } });
  });

  test('what the records wait for is among it', async () => {
    await at(first, ['put', 'kept', '1']);
    const spans = async (): Promise<(string | undefined)[]> =>
      (JSON.parse((await at(first, ['trace', 'export', 'all', '--format', 'json'])).out) as Pick<Shown, 'events'>).events.flatMap(({ kind, name }) => (kind === 'spanEnd' ? name : []));
    await expect.poll(spans, { timeout: 20_000, interval: 200 }).toContain('records.lmdb.commit');
    expect(await spans()).toContain('records.lmdb.open');
  });

  test('export writes every format, of one trace or of all', async () => {
    const file = join(home.path, 'trace.json');
    const { code } = await at(first, ['trace', 'export', '-o', file]);
    expect(code).toBe(0);
    const { traceEvents } = JSON.parse(await readFile(file, 'utf8')) as { traceEvents: unknown[] };
    expect(traceEvents.length).toBeGreaterThan(10);
    expect(Object.keys(JSON.parse((await at(first, ['trace', 'export', 'all', '--format', 'otlp'])).out) as object)).toContain('resourceSpans');
    expect(Object.keys(JSON.parse((await at(first, ['trace', 'export', '--format', 'json'])).out) as object)).toContain('events');
    const dump = await at(first, ['trace', 'export', '--format', 'dump']);
    expect(dump.stdout.length).toBeGreaterThan(100);
    expect((await at(first, ['trace', 'export', '--format', 'xml'])).code).toBe(2);
  });

  test('a trace that is not there is not found, and a bad id is refused', async () => {
    const missing = await at(first, ['trace', 'show', '0'.repeat(32), '--json']);
    expect({ code: missing.code, error: errorIn(missing).code }).toEqual({ code: 3, error: 'APP_TRACE_NOT_FOUND' });
    expect((await at(first, ['trace', 'show', '../../status'])).err).toMatch(/32 lower-case hex digits/);
  });

  test('the daemon stops as any other: the signal reaches the restarted process', async () => {
    await using daemon = await startDaemon(home.path, 'third', ['--traced']);
    daemon.dave.signal('SIGTERM');
    expect((await daemon.dave.ended).err).toMatch(/stopping/);
  });
});

test('a node of its own traces where the program is traced', async () => {
  await at(first, ['put', 'for a client', 'x']);
  const args = ['get', '--trace', '--json', `${first.publicKey}/for a client`, '--edge', first.listen, '--data-dir', join(home.path, 'nobody'), '--traced'];
  const { out } = await run(args, { home: home.path });
  expect(JSON.parse(out)).toMatchObject({ found: true, trace: { lines: expect.arrayContaining([expect.stringMatching(/^ {2}ask /)]) } });
});

test('NODE_OPTIONS chooses the traced build as well', async () => {
  const { out } = await run(['version', '--json'], { home: home.path, env: { NODE_OPTIONS: '-C p2p-trace' } });
  expect(JSON.parse(out)).toMatchObject({ traced: true });
  expect(COMMAND.at(-1)).toMatch(/dist\/main\.js$/);
});

if (!TRACED) {
  describe('without tracing', () => {
    test('every question for traces says so, and how to get them', async () => {
      await using daemon = await startDaemon(home.path, 'untraced', []);
      for (const args of [['trace', 'tail'], ['trace', 'show'], ['trace', 'export'], ['get', 'x', '--trace']]) {
        const ended = await at(daemon, [...args, '--json']);
        expect({ args, code: ended.code, error: errorIn(ended) }).toMatchObject({ args, code: 2, error: { code: 'APP_NOT_TRACED' } });
        expect(errorIn(ended).message).toMatch(/dave up --traced/);
      }
    });

    test('so does a read through a node of its own', async () => {
      const ended = await run(['get', 'x', '--trace', '--json', '--edge', first.listen, '--key-file', join(first.dataDir, 'key.dave'), '--data-dir', join(home.path, 'nobody')], { home: home.path });
      expect(ended.code).toBe(2);
      expect(errorIn(ended)).toMatchObject({ code: 'APP_NOT_TRACED', message: expect.stringMatching(/--traced.*NODE_OPTIONS/) });
    });
  });
}

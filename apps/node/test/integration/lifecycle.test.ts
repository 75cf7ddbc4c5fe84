import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { errorIn, run, start, startDaemon, temporaryHome, type Dave } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeEach(async () => {
  home = await temporaryHome();
});
afterEach(() => home[Symbol.asyncDispose]());

/** A read that waits for peers which never come, at a daemon that has begun to answer it. */
async function waitingGet(dataDir: string): Promise<Dave> {
  const get = start(['get', `${'0'.repeat(64)}/a`, '--timeout', '20s', '--data-dir', dataDir, '--json'], { home: home.path, input: '' });
  for (;;) {
    const { out } = await run(['status', '--json', '--data-dir', dataDir], { home: home.path });
    // One is the question itself.
    if ((JSON.parse(out) as { openRequests: number }).openRequests > 1) return get;
  }
}

test('a second daemon on the same data directory is refused, and the first keeps serving', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  const again = await run(['up', '--listen', '127.0.0.1:0', '--data-dir', daemon.dataDir, '--json'], { home: home.path });
  expect(again.code).toBe(1);
  expect(errorIn(again)).toEqual({ code: 'APP_DAEMON_RUNNING', message: `a daemon already serves ${daemon.control}; stop it or use another --data-dir` });
  expect(await run(['status', '--data-dir', daemon.dataDir], { home: home.path })).toMatchObject({ code: 0 });
});

test('of many that start at once on one data directory, over the socket of a crashed one, exactly one serves', async () => {
  const crashed = await startDaemon(home.path, 'data');
  crashed.dave.signal('SIGKILL');
  await crashed.dave.ended;
  await access(crashed.control);
  const contenders = Array.from({ length: 4 }, () => start(['up', '--listen', '127.0.0.1:0', '--data-dir', crashed.dataDir, '--json'], { home: home.path }));
  try {
    const outcomes = await Promise.all(
      contenders.map((dave) => dave.says('out', /\{.*\}\n/).then(([line]) => JSON.parse(line) as { event?: string; id?: string; error?: { code: string } })),
    );
    const serving = outcomes.filter(({ event }) => event === 'listening');
    expect(serving).toHaveLength(1);
    for (const { error } of outcomes.filter(({ event }) => event === undefined)) expect(error?.code).toBe('APP_DAEMON_RUNNING');
    const { out } = await run(['status', '--json', '--data-dir', crashed.dataDir], { home: home.path });
    expect(JSON.parse(out)).toMatchObject({ id: serving[0]?.id });
  } finally {
    for (const dave of contenders) await dave[Symbol.asyncDispose]();
  }
});

test('what a killed daemon left behind does not stop the next one', async () => {
  const killed = await startDaemon(home.path, 'data');
  killed.dave.signal('SIGKILL');
  await killed.dave.ended;
  expect((await stat(killed.control)).isSocket()).toBe(true);
  expect(await run(['status', '--data-dir', killed.dataDir], { home: home.path })).toMatchObject({ code: 1, err: expect.stringContaining('no daemon runs') });
  await using next = await startDaemon(home.path, 'data');
  expect(next.publicKey).toBe(killed.publicKey);
  expect(await run(['status', '--data-dir', next.dataDir], { home: home.path })).toMatchObject({ code: 0 });
});

test('a file in the place of the socket is not removed', async () => {
  const dataDir = join(home.path, 'data');
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'dave.sock'), 'mine');
  expect(await run(['up', '--listen', '127.0.0.1:0', '--data-dir', dataDir], { home: home.path })).toMatchObject({ code: 2, err: expect.stringContaining('is in the way and is no socket; move it away') });
  expect(await readFile(join(dataDir, 'dave.sock'), 'utf8')).toBe('mine');
});

test('a data directory whose name is too long for a socket is refused with a reason', async () => {
  const dataDir = join(home.path, 'x'.repeat(120));
  expect(await run(['up', '--listen', '127.0.0.1:0', '--data-dir', dataDir], { home: home.path })).toMatchObject({ code: 2, err: expect.stringContaining('choose a shorter --data-dir') });
  expect(await run(['status', '--data-dir', dataDir], { home: home.path })).toMatchObject({ code: 1, err: expect.stringContaining('no daemon runs') });
});

test('a port that is taken is named', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  const ended = await run(['up', '--listen', daemon.listen, '--data-dir', join(home.path, 'other'), '--json'], { home: home.path });
  expect(ended.code).toBe(1);
  expect(errorIn(ended)).toMatchObject({ code: 'NODE_ADDRESS_IN_USE', message: expect.stringContaining(daemon.listen.replace('127.0.0.1:', '')) });
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s stops a daemon gracefully: 0, ports and socket released', async (signal) => {
  await using daemon = await startDaemon(home.path, 'data');
  const { dave, control, listen } = daemon;
  dave.signal(signal);
  expect(await dave.ended).toMatchObject({ code: 0, signal: null, err: expect.stringMatching(/stopping\n$/) });
  await expect(stat(control)).rejects.toMatchObject({ code: 'ENOENT' });
  await using next = await startDaemon(home.path, 'data', ['--listen', listen]);
  expect(next.listen).toBe(listen);
});

test('a stop waits a while for requests that are underway, but less than 10 s in all', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  await using get = await waitingGet(daemon.dataDir);
  const startedMs = performance.now();
  daemon.dave.signal('SIGTERM');
  expect(await daemon.dave.ended).toMatchObject({ code: 0, signal: null });
  const tookMs = performance.now() - startedMs;
  expect(tookMs).toBeGreaterThan(1000);
  expect(tookMs).toBeLessThan(10_000);
  const ended = await get.ended;
  expect(ended.code).toBe(1);
  expect(errorIn(ended)).toMatchObject({ code: 'APP_DAEMON_UNREACHABLE', message: expect.stringContaining('went away before it answered') });
});

test('a second signal ends a stop at once', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  await using get = await waitingGet(daemon.dataDir);
  daemon.dave.signal('SIGTERM');
  await daemon.dave.says('err', /stopping\n/);
  const startedMs = performance.now();
  daemon.dave.signal('SIGTERM');
  expect(await daemon.dave.ended).toMatchObject({ code: 130, signal: null });
  expect(performance.now() - startedMs).toBeLessThan(1000);
  await get.ended;
});

test('a client that is interrupted ends with 130, and the daemon forgets its request', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  await using get = await waitingGet(daemon.dataDir);
  get.signal('SIGINT');
  const ended = await get.ended;
  expect(ended.code).toBe(130);
  expect(errorIn(ended).code).toBe('APP_INTERRUPTED');
  const startedMs = performance.now();
  daemon.dave.signal('SIGTERM');
  expect(await daemon.dave.ended).toMatchObject({ code: 0 });
  expect(performance.now() - startedMs).toBeLessThan(3000);
});

test('Ctrl-C during the work of a put ends it at once with 130', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  await using put = start(['put', 'a', 'b', '--difficulty', '60', '--data-dir', daemon.dataDir], { home: home.path });
  await put.says('err', /60 bits of work/);
  const startedMs = performance.now();
  put.signal('SIGINT');
  expect(await put.ended).toMatchObject({ code: 130, signal: null, out: '', err: expect.not.stringContaining('Error') });
  expect(performance.now() - startedMs).toBeLessThan(2000);
});

test('Ctrl-C while status is watched: 130', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  await using watch = start(['status', '--watch', '--data-dir', daemon.dataDir], { home: home.path });
  await watch.says('out', /peer id[^]*peer id/);
  watch.signal('SIGINT');
  expect(await watch.ended).toMatchObject({ code: 130, err: '' });
});

test('nobody at the edge: 4 at the deadline, saying what was tried', async () => {
  const ended = await run(['get', `${'0'.repeat(64)}/a`, '--edge', '127.0.0.1:9', '--timeout', '500ms', '--json'], { home: home.path });
  expect(ended.code).toBe(4);
  expect(errorIn(ended)).toMatchObject({ code: 'NODE_NO_PEERS', message: expect.stringContaining('127.0.0.1:9') });
  expect(ended.elapsedMs).toBeLessThan(5000);
});

test('peers that say nothing: 4, not 3', async () => {
  await using silent = await startDaemon(home.path, 'silent');
  await using daemon = await startDaemon(home.path, 'data', ['--edge', silent.listen]);
  await daemon.dave.says('err', /"msg":"peer active"/);
  silent.dave.signal('SIGSTOP');
  const ended = await run(['get', 'a', '--timeout', '500ms', '--data-dir', daemon.dataDir], { home: home.path });
  silent.dave.signal('SIGCONT');
  // On a slow machine the silence may have been noticed before the question.
  expect(ended).toMatchObject({ code: 4, out: '', err: expect.stringMatching(/^none of 1 peers answered within 500 ms\n$|no peer became active/) });
});

test('a daemon that hangs is given up on', async () => {
  await using daemon = await startDaemon(home.path, 'data');
  daemon.dave.signal('SIGSTOP');
  const ended = await run(['status', '--data-dir', daemon.dataDir, '--json'], { home: home.path });
  daemon.dave.signal('SIGCONT');
  expect(ended.code).toBe(4);
  expect(errorIn(ended)).toMatchObject({ code: 'APP_TIMEOUT', message: expect.stringContaining('did not answer within 5 s') });
});

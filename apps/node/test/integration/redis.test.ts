import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run, startDaemon, temporaryHome } from './dave-process.ts';

/** Debian's server. In CI it must be there; on a laptop it may not. */
const missing = process.env['CI'] === undefined && spawnSync('redis-server', ['--version']).status !== 0;

async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function startRedis(directory: string, port: number): Promise<ChildProcess> {
  await mkdir(directory, { recursive: true });
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always'], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (chunk: Buffer) => {
      if (/Ready to accept connections/.test(chunk.toString())) resolve();
    });
    server.once('exit', () => reject(new Error('the server ended')));
  });
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

test.skipIf(missing)('nodes of one operator share a Redis, each with its own records; it may go away and come back', { timeout: 90_000 }, async () => {
  await using home = await temporaryHome();
  const port = await freePort();
  let redis = await startRedis(join(home.path, 'redis'), port);
  try {
    const file = join(home.path, 'dave.yaml');
    await writeFile(file, `records: redis\nredisUrl: redis://127.0.0.1:${port}\nredisDurable: power-loss\n`);
    const dave = (dir: string, ...args: string[]): ReturnType<typeof run> => run([...args, '--config', file, '--data-dir', join(home.path, dir)], { home: home.path });
    const stats = async (dir: string): Promise<Record<string, unknown>> => JSON.parse((await dave(dir, 'store', 'stats', '--json')).out) as Record<string, unknown>;
    {
      await using first = await startDaemon(home.path, 'first', ['--config', file]);
      await using second = await startDaemon(home.path, 'second', ['--config', file]);
      void second;
      expect((await dave('first', 'put', 'greeting', 'hello', '--min-acks', '0')).code).toBe(0);
      expect(await stats('first')).toMatchObject({ engine: 'redis', durable: 'power-loss', records: 1 });
      expect(await stats('second')).toMatchObject({ engine: 'redis', records: 0 });
      expect(await dave('first', 'store', 'verify', '--deep')).toMatchObject({ code: 0 });

      await end(redis);
      // What is in memory is served all the same; what would not be durable is not acknowledged.
      expect(await dave('first', 'get', 'greeting')).toMatchObject({ code: 0, out: 'hello' });
      await first.dave.says('err', /connection to Redis failed/);
      redis = await startRedis(join(home.path, 'redis'), port);
      let code: number | null = 1;
      for (let tries = 0; tries < 20 && code !== 0; tries++) ({ code } = await dave('first', 'put', 'again', 'there', '--min-acks', '0', '--timeout', '5s'));
      expect(code).toBe(0);
    }
    await using restarted = await startDaemon(home.path, 'first', ['--config', file]);
    void restarted;
    expect(await dave('first', 'get', 'greeting')).toMatchObject({ code: 0, out: 'hello' });
    expect(await dave('first', 'get', 'again')).toMatchObject({ code: 0, out: 'there' });
  } finally {
    await end(redis);
  }
});

test('a Redis that does not answer, or is not named, is told before a node starts', { timeout: 30_000 }, async () => {
  await using home = await temporaryHome();
  const data = ['--data-dir', join(home.path, 'data'), '--listen', '127.0.0.1:0'];
  const unnamed = await run(['up', ...data], { home: home.path, env: { DAVE_RECORDS: 'redis' } });
  expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining('redisUrl is missing')]);
  const absent = await run(['up', ...data], { home: home.path, env: { DAVE_RECORDS: 'redis', DAVE_REDIS_URL: `redis://127.0.0.1:${await freePort()}` } });
  expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('no Redis answers')]);
});

test('a Redis that refuses the password is told as such', { timeout: 30_000 }, async () => {
  await using home = await temporaryHome();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as { port: number };
    const file = join(home.path, 'dave.yaml');
    await writeFile(file, `records: redis\nredisUrl: redis://:secret@127.0.0.1:${port}\n`);
    const ended = await run(['up', '--config', file, '--data-dir', join(home.path, 'refused')], { home: home.path });
    expect(ended.code).not.toBe(0);
    expect(ended.err).toContain('WRONGPASS');
    expect(ended.err).toContain('correct user and password');
    expect(ended.err).not.toContain('secret');
    expect(ended.err).not.toContain('no Redis answers');
  } finally {
    server.close();
  }
});

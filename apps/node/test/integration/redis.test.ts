import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { NO_REDIS, startRedis } from '@p2p/testkit/redis-server';
import { freePort } from '@p2p/testkit/server-process';
import { expect, test } from 'vitest';
import { run, startDaemon, temporaryHome } from './dave-process.ts';

/** Every write reaches the disk before it is answered. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

test.skipIf(NO_REDIS !== undefined)(`nodes of one operator share a Redis, each with its own records; it may go away and come back${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`, { timeout: 90_000 }, async () => {
  await using home = await temporaryHome();
  const redis = await startRedis(DURABLE);
  try {
    const file = join(home.path, 'dave.yaml');
    await writeFile(file, `records: redis\nredisUrl: ${redis.url}\nredisDurable: power-loss\n`);
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

      await redis.kill();
      // What is in memory is served all the same; what would not be durable is not acknowledged.
      expect(await dave('first', 'get', 'greeting')).toMatchObject({ code: 0, out: 'hello' });
      await first.dave.says('err', /connection to Redis failed/);
      await redis.restart();
      let code: number | null = 1;
      for (let tries = 0; tries < 20 && code !== 0; tries++) ({ code } = await dave('first', 'put', 'again', 'there', '--min-acks', '0', '--timeout', '5s'));
      expect(code).toBe(0);
    }
    await using restarted = await startDaemon(home.path, 'first', ['--config', file]);
    void restarted;
    expect(await dave('first', 'get', 'greeting')).toMatchObject({ code: 0, out: 'hello' });
    expect(await dave('first', 'get', 'again')).toMatchObject({ code: 0, out: 'there' });
  } finally {
    await redis.stop();
  }
});

test.skipIf(NO_REDIS !== undefined)(`a fleet of nodes with one namespace: what one stored every other serves, also when that one was killed${NO_REDIS === undefined ? '' : ` (${NO_REDIS})`}`, { timeout: 120_000 }, async () => {
  await using home = await temporaryHome();
  const redis = await startRedis(DURABLE);
  try {
    const file = join(home.path, 'dave.yaml');
    await writeFile(file, `records: redis\nredisUrl: ${redis.url}\nredisNamespace: fleet\nredisDurable: power-loss\n`);
    const dave = (dir: string, ...args: string[]): ReturnType<typeof run> => run([...args, '--config', file, '--data-dir', join(home.path, dir)], { home: home.path });
    const records = async (dir: string): Promise<unknown> => (JSON.parse((await dave(dir, 'store', 'stats', '--json')).out) as { records: unknown }).records;
    const authors: Record<string, string> = {};
    const dirs = ['one', 'two', 'three'];
    const put = async (dir: string, key: string, value: string): Promise<void> => {
      const stored = await dave(dir, 'put', key, value, '--min-acks', '0', '--json');
      expect(stored.code, stored.err).toBe(0);
    };
    {
      // No peers: what a node does not hold itself, it can only have from the store.
      await using one = await startDaemon(home.path, 'one', ['--config', file]);
      await using two = await startDaemon(home.path, 'two', ['--config', file]);
      await using three = await startDaemon(home.path, 'three', ['--config', file]);
      for (const [name, { publicKey }] of Object.entries({ one, two, three })) authors[name] = publicKey;
      await Promise.all(dirs.map((dir) => put(dir, 'name', `of ${dir}`)));
      for (const dir of dirs) expect(await records(dir)).toBe(3);
      for (const reader of dirs) for (const author of dirs) expect(await dave(reader, 'get', `${authors[author]}/name`, '--timeout', '10s')).toMatchObject({ code: 0, out: `of ${author}` });
      one.dave.child.kill('SIGKILL');
      await put('two', 'name', 'of two, later');
      expect(await dave('two', 'get', `${authors['one']}/name`)).toMatchObject({ code: 0, out: 'of one' });
    }
    // Whoever comes back reads what the others wrote meanwhile.
    await using one = await startDaemon(home.path, 'one', ['--config', file]);
    expect(one.publicKey).toBe(authors['one']);
    expect(await dave('one', 'get', `${authors['two']}/name`, '--timeout', '10s')).toMatchObject({ code: 0, out: 'of two, later' });
    expect(await dave('one', 'store', 'verify', '--deep')).toMatchObject({ code: 0 });
  } finally {
    await redis.stop();
  }
});

test('a Redis that does not answer, or is not named, is told before a node starts', async () => {
  await using home = await temporaryHome();
  const data = ['--data-dir', join(home.path, 'data'), '--listen', '127.0.0.1:0'];
  const unnamed = await run(['up', ...data], { home: home.path, env: { DAVE_RECORDS: 'redis' } });
  expect([unnamed.code, unnamed.err]).toEqual([2, expect.stringContaining('redisUrl is missing')]);
  const absent = await run(['up', ...data], { home: home.path, env: { DAVE_RECORDS: 'redis', DAVE_REDIS_URL: `redis://127.0.0.1:${await freePort()}` } });
  expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('no Redis answers')]);
});

test('a Redis that refuses the password is told as such', async () => {
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

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ServerProcess } from '@p2p/testkit/server-process';

/** A real Redis or Valkey for tests. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Undefined for a server that was there before: tests do not stop it. */
  readonly control: { kill(): Promise<void>; start(): Promise<void>; pause(): void; resume(): void } | undefined;
  close(): Promise<void>;
}

const PROGRAM = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** Why tests with Redis cannot run here; undefined when they can. In CI they always must. */
export const NO_REDIS: string | undefined =
  process.env['CACHE_TEST_REDIS_URL'] !== undefined || PROGRAM !== undefined || process.env['CI'] === 'true' ? undefined : 'neither redis-server nor valkey-server is installed, and CACHE_TEST_REDIS_URL is not set';

/** Starts a server on the loopback interface that keeps nothing, or takes the one of CACHE_TEST_REDIS_URL. */
export async function startRedis(): Promise<TestRedis> {
  const given = process.env['CACHE_TEST_REDIS_URL'];
  if (given !== undefined) return { url: given, port: Number(new URL(given).port || 6379), control: undefined, close: async () => {} };
  if (PROGRAM === undefined) throw new Error('redis-server is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'cache-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  let server = await ServerProcess.start(PROGRAM, args, port);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    control: {
      kill: () => server.stop(),
      start: async () => void (server = await ServerProcess.start(PROGRAM, args, port)),
      pause: () => server.pause(),
      resume: () => server.resume(),
    },
    async close() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

import { NO_REDIS as NO_OWN_REDIS, startRedis as startOwnRedis } from '@p2p/testkit/redis-server';

/** A real Redis or Valkey for tests. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Undefined for a server that was there before: tests do not stop it. */
  readonly control: { kill(): Promise<void>; start(): Promise<void>; pause(): void; resume(): void } | undefined;
  close(): Promise<void>;
}

const given = process.env['CACHE_TEST_REDIS_URL'];

/** Why tests with Redis cannot run here; undefined when they can. In CI they always must. */
export const NO_REDIS: string | undefined = given !== undefined || NO_OWN_REDIS === undefined ? undefined : `${NO_OWN_REDIS}, and CACHE_TEST_REDIS_URL is not set`;

/** Starts a server on the loopback interface that keeps nothing, or takes the one of CACHE_TEST_REDIS_URL. */
export async function startRedis(): Promise<TestRedis> {
  if (given !== undefined) return { url: given, port: Number(new URL(given).port || 6379), control: undefined, close: async () => {} };
  const { url, port, kill, restart, pause, resume, stop } = await startOwnRedis();
  return { url, port, control: { kill, start: restart, pause, resume }, close: stop };
}

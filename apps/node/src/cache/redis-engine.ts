import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisCacheBackend } from '@p2p/cache-backend/redis';
import { createClient, ErrorReply } from 'redis';
import { codeOf } from '../cli/app-error.ts';
import type { SharedCacheSettings } from '../config/shared-cache-settings.ts';
import { withoutPassword } from '../config/without-password.ts';
import { connectS3 } from './s3-connection.ts';
import type { LocalSide, SharedEngine } from './shared-cache.ts';

/** A server says these while it starts, or has too much to do. */
const PASSING = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|ERR max number of clients)/;

/** The index in Redis, the bytes in a directory that machines mount, or in S3. */
export function redisEngine({ url, namespace, bytes }: SharedCacheSettings & { index: 'redis' }, local: LocalSide): SharedEngine {
  const s3 = 'bucket' in bytes ? connectS3(bytes) : undefined;
  const sharedDir = 'bucket' in bytes ? undefined : bytes.sharedDir;
  // A command goes on without a server that went away: it does not wait for it to come back.
  const client = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: false } });
  // Whoever waits for an answer is told.
  client.on('error', () => undefined);
  return {
    connect: async () => {
      await client.connect();
      // Everything is done by scripts: whoever may not run them is told now, not by a failure later on.
      await client.sendCommand(['EVAL', 'return 1', '0']);
      await s3?.connect();
      if (sharedDir !== undefined) await assertThere(sharedDir);
    },
    open: () => RedisCacheBackend.open({ ...local, client, namespace, bytes: s3?.blobs ?? { sharedDir: join(sharedDir!, namespace) } }),
    end: () => {
      client.destroy();
      s3?.end();
    },
    refusal: (error) => redisRefusal(error, url) ?? s3?.refusal(error),
  };
}

/** Never made here: where a mount is missing, the entries of all would look damaged to this machine. */
async function assertThere(sharedDir: string): Promise<void> {
  const isThere = await stat(sharedDir).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!isThere) throw new Error(`there is no directory ${sharedDir}: mount it, or make it once`);
}

function redisRefusal(error: unknown, url: string): string | undefined {
  const reply = codeOf(error) === 'CACHE_REMOTE' ? (error as Error).cause : error;
  if (!(reply instanceof ErrorReply) || PASSING.test(reply.message)) return undefined;
  return `the Redis at ${withoutPassword(url)} refuses this machine (${reply.message}): correct user, password and database in cacheRedisUrl, and let the user run scripts (@scripting) and use the keys of the namespace`;
}

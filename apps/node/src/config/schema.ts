import * as z from 'zod';
import { parseByteSize } from './byte-size.ts';
import { sharedCacheSettings } from './shared-cache-settings.ts';

const SIZE_HINT = 'must be a size of at least 1 MiB, for example 512MiB or 2GB, or 0 to hold nothing';
/** Less than this has no room for one dat in each shard, and would look like a node that loses what it is given. */
const LEAST_BYTES = 1024 * 1024;

const byteSize = z.unknown().transform((value, context) => {
  const bytes = typeof value === 'string' ? parseByteSize(value) : value;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || (bytes !== 0 && bytes < LEAST_BYTES)) {
    context.addIssue({ code: 'custom', message: SIZE_HINT, input: value });
    return z.NEVER;
  }
  return bytes;
});

/** TCP takes the port above the UDP port, so 65535 is none. */
const endsInPort = (text: string, least: number): boolean => {
  const port = /^.+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= least && Number(port) <= 65_534;
};

const listen = z.string().refine((text) => endsInPort(text, 0), 'must be host:port with a port from 0 to 65534, for example [::]:4127 or 203.0.113.5:4127');
const edge = z
  .string()
  .refine(
    (text) => endsInPort(text, 1) && (!text.includes('@') || /^[0-9a-fA-F]{64}@/.test(text)),
    'must be host:port or <publicKey hex>@host:port with a port from 1 to 65534, for example seed.example.org:4127',
  );

const redisUrl = z
  .string()
  .refine(isRedisUrl, "must be redis://host:port or rediss://host:port, with user:password@ and /database as needed, for example redis://127.0.0.1:6379; in a password '%', '#', '/', '?' and '@' are written %25, %23, %2F, %3F and %40");

/** One strict schema: the YAML file, `DAVE_*` variables and flags all end up here. */
export const configSchema = z.strictObject({
  listen: listen.default('[::]:4127').describe('UDP address; TCP listens on the next port'),
  edges: z.array(edge).default([]).describe('peers to start from'),
  dataDir: z.string().min(1).describe('key, control socket, data'),
  keyFile: z.string().min(1).optional().describe('default: key.dave in dataDir'),
  capacity: byteSize.default(256 * 1024 * 1024).describe('bytes of dats held for the network, in all'),
  records: z.enum(['lmdb', 'redis', 'memory']).default('lmdb').describe('where dats survive a restart: records.lmdb in dataDir, a Redis server, or nowhere'),
  redisUrl: redisUrl.optional().describe('the server, for records: redis'),
  redisNamespace: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,512}$/, "must be 1 to 512 of letters, digits, '.', '_' and '-'")
    .optional()
    .describe('nodes with the same one share their records; default: one of its own for each node'),
  redisDurable: z.enum(['no', 'process-crash', 'power-loss']).default('no').describe('what a write to this Redis survives, as its persistence is configured'),
  cache: z.enum(['local', 'redis', 's3']).default('local').describe('whether machines share fetched trees behind the cache that each has: no (local), with an index in Redis, or all in S3'),
  cacheCapacity: byteSize.default(8 * 1024 ** 3).describe('bytes of fetched trees kept on this machine'),
  cacheRedisUrl: redisUrl.optional().describe('the server, for cache: redis; default: redisUrl'),
  cacheRedisNamespace: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, "must be 1 to 200 of letters, digits, '.', '_' and '-', the first a letter or digit")
    .default('dave-cache')
    .describe('machines with the same one share a cache, for cache: redis'),
  cacheSharedDir: z.string().min(1).optional().describe('a directory that all machines mount, for the bytes of cache: redis'),
  cacheS3Bucket: z.string().min(1).optional().describe('for cache: s3, and for the bytes of cache: redis'),
  cacheS3Prefix: z.string().max(512).optional().describe("put before every object's name; default: dave-cache/, with cache: redis its namespace and -bytes/"),
  cacheS3Endpoint: z
    .string()
    .refine(isEndpoint, 'must be http://host:port or https://host:port without credentials, for example http://127.0.0.1:9000')
    .optional()
    .describe('of an S3 that is not that of AWS'),
  cacheS3Region: z.string().min(1).optional().describe('default: as the AWS SDK finds it, for example in AWS_REGION'),
  verifyThreads: z.int().min(0).max(64).optional().describe('threads that check signatures'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
}).superRefine((config, context) => {
  const cache = sharedCacheSettings(config);
  if (cache !== undefined && 'problem' in cache) context.addIssue({ code: 'custom', path: [cache.key], message: cache.problem });
});

export type Config = z.output<typeof configSchema>;

/** Every name that a configuration may use. */
export const CONFIG_KEYS: readonly string[] = Object.keys(configSchema.shape);

function isRedisUrl(text: string): boolean {
  const url = /^rediss?:\/\/./.test(text) ? URL.parse(text) : null;
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '' || !/^(?:\/\d*)?$/.test(url.pathname)) return false;
  try {
    decodeURIComponent(`${url.username}${url.password}`);
    return true;
  } catch {
    return false;
  }
}

/** Without credentials: they are no settings. */
function isEndpoint(text: string): boolean {
  return /^https?:\/\/[^@]+$/.test(text) && URL.canParse(text);
}

import { expect, test } from 'vitest';
import { sharedCacheSettings, type CacheKeys } from '../../src/config/shared-cache-settings.ts';
import { withoutPassword } from '../../src/config/without-password.ts';

const settings = (keys: Partial<CacheKeys>): ReturnType<typeof sharedCacheSettings> => sharedCacheSettings({ cache: 'local', cacheRedisNamespace: 'dave-cache', ...keys });

test('without a word a machine has only its own cache', () => {
  expect(settings({ redisUrl: 'redis://a', cacheS3Bucket: 'b' })).toBeUndefined();
});

test('the server of the records is that of the cache, unless it has one of its own', () => {
  const keys = { cache: 'redis', redisUrl: 'redis://records', cacheSharedDir: '/mnt' } as const;
  expect(settings(keys)).toEqual({ index: 'redis', url: 'redis://records', namespace: 'dave-cache', bytes: { sharedDir: '/mnt' } });
  expect(settings({ ...keys, cacheRedisUrl: 'redis://cache' })).toMatchObject({ url: 'redis://cache' });
});

test('two indexes never keep their bytes under one prefix by default: neither knows what the other needs', () => {
  const s3 = { cacheS3Bucket: 'b', redisUrl: 'redis://a' };
  const prefixes = [settings({ ...s3, cache: 's3' }), settings({ ...s3, cache: 'redis' }), settings({ ...s3, cache: 'redis', cacheRedisNamespace: 'other' })].map((found) => (found as { bytes: { prefix: string } }).bytes.prefix);
  expect(prefixes).toEqual(['dave-cache/', 'dave-cache-bytes/', 'other-bytes/']);
});

test.for([
  ['redis://127.0.0.1:6379', 'redis://127.0.0.1:6379'],
  ['redis://me:secret@host:1/2', 'redis://host:1/2'],
  ['rediss://:p@ss/word@host', 'rediss://host'],
  ['me:secret@host', 'host'],
  ['redis://host?password=secret', 'redis://host'],
  ['redis://me:se#cret@host/1#secret', 'redis://host/1'],
])('%s is shown as %s', ([url, shown]) => {
  expect(withoutPassword(url!)).toBe(shown);
});

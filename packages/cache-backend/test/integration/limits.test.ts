import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { writeValueTree } from '../../src/conformance/trees.ts';
import { checkNothingLeft } from '../invariants.ts';
import { withDirectory } from '../temporary-directory.ts';

describe('limits hold by themselves', () => {
  test('exceeding one evicts down to nine tenths of it, what is leased excepted', async () => {
    await withDirectory(async (dir) => {
      const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache'), threads: 1, limits: { maxEntries: 20 } });
      const evicted: string[] = [];
      cache.on('evicted', ({ key, reason }) => evicted.push(`${key} ${reason}`));
      const first = await cache.put('key 0', writeValueTree(join(dir, 'source'), '0'), '');
      for (let index = 1; index < 21; index++) await (await cache.put(`key ${index}`, writeValueTree(join(dir, 'source'), String(index)), '')).release();
      await expect.poll(async () => (await cache.stats()).entryCount, { timeout: 10_000 }).toBe(18);
      expect(evicted).toEqual(['key 1 max-entries', 'key 2 max-entries', 'key 3 max-entries']);
      expect(fs.readFileSync(join(first.path, 'a'), 'utf8')).toBe('0');
      await first.release();
      await cache.close();
      checkNothingLeft(join(dir, 'cache'));
    });
  });
});

describe('a put that is given up half way', () => {
  test('rejects with the reason and leaves nothing', async () => {
    await withDirectory(async (dir) => {
      const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
      const source = join(dir, 'source');
      for (let index = 0; index < 40; index++) {
        fs.mkdirSync(join(source, `directory ${index}`), { recursive: true });
        for (let file = 0; file < 50; file++) fs.writeFileSync(join(source, `directory ${index}`, String(file)), 'x'.repeat(5_000));
      }
      const control = new AbortController();
      const putting = cache.put('key', source, '', { signal: control.signal });
      // As soon as the copy has begun.
      const tmp = join(dir, 'cache', 'tmp');
      await expect.poll(() => (fs.readdirSync(tmp, { recursive: true }) as string[]).filter((name) => name.includes('directory')).length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(0);
      control.abort(new Error('no longer wanted'));
      await expect(putting).rejects.toThrow('no longer wanted');
      expect(await cache.get('key')).toBeUndefined();
      await cache.close();
      checkNothingLeft(join(dir, 'cache'));
    });
  });
});

import { LocalCacheBackend } from '@p2p/cache-backend';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const AT_ONCE = 16;

/** Makes a cache of small entries and prunes it; how long that took and the longest turn of the event loop meanwhile. */
export async function measurePrune(dir: string, entries: number, left: number): Promise<{ ms: number; blockedMs: number; putMs: number }> {
  const source = join(dir, 'source');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'file'), 'content');
  const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
  try {
    let next = 0;
    const startedPuts = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let index = next++; index < entries; index = next++) {
        const own = join(dir, `source-${index}`);
        mkdirSync(own);
        writeFileSync(join(own, 'file'), String(index));
        await (await cache.put(`entry ${index}`, own, '', { move: true })).release();
      }
    }));
    const putMs = (performance.now() - startedPuts) / entries;
    let blockedMs = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      const now = performance.now();
      blockedMs = Math.max(blockedMs, now - last - 1);
      last = now;
    }, 1);
    const started = performance.now();
    last = started;
    const report = await cache.prune({ maxEntries: left });
    const ms = performance.now() - started;
    clearInterval(watch);
    if (report.evicted !== entries - left) throw new Error(`evicted ${report.evicted}`);
    return { ms, blockedMs, putMs };
  } finally {
    await cache.close();
  }
}

import { join } from 'node:path';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { createEventLog, TRACE, type EventLog } from '@p2p/trace';
import { expect, test } from 'vitest';
import { writeValueTree } from '../../src/conformance/trees.ts';
import { withDirectory } from '../temporary-directory.ts';

/** The spans of a log in the order in which they ended, such as `cache.put ok`. */
function endedSpans(log: EventLog): string[] {
  return log.query.where({ kinds: ['spanEnd'] }).flatMap((event) => (event.kind === 'spanEnd' ? [`${event.name} ${event.ok ? 'ok' : 'failed'}`] : []));
}

test('what waits for the disk or for others is a span, and says whether it worked', async () => {
  await withDirectory(async (dir) => {
    const log = createEventLog({ slots: 256, strict: true });
    const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache'), threads: 1, traceLog: log });
    await (await cache.put('key', writeValueTree(join(dir, 'source'), 'value'), '')).release();
    await expect(cache.put('other', join(dir, 'missing'), '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
    await (await cache.get('key', { verify: 'full' }))?.release();
    expect(await cache.get('missing')).toBeUndefined();
    await (await cache.lockBuild('key')).release();
    const given = new AbortController();
    const lock = await cache.lockBuild('key');
    const waiting = cache.lockBuild('key', { signal: given.signal });
    given.abort(new Error('no longer wanted'));
    await expect(waiting).rejects.toThrow();
    await lock.release();
    expect((await cache.verify()).corrupt).toEqual([]);
    await cache.repair();
    expect((await cache.prune({ maxEntries: 0 })).victims).toHaveLength(1);
    await expect(cache.get('')).rejects.toBeInstanceOf(TypeError);
    await cache.close();
    expect(endedSpans(log)).toEqual(
      TRACE
        ? [
            'cache.open ok', 'cache.put ok', 'cache.put failed', 'cache.get ok', 'cache.get ok', 'cache.lockBuild ok', 'cache.lockBuild ok', 'cache.lockBuild failed',
            'cache.verify ok', 'cache.repair ok', 'cache.prune ok', 'cache.get failed', 'cache.close ok',
          ]
        : [],
    );
    expect(Object.keys(cache).toSorted()).toEqual(['capabilities', 'dir']);
  });
});

test('limits that prune in the background are seen too', async () => {
  await withDirectory(async (dir) => {
    const log = createEventLog({ slots: 256, strict: true });
    const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache'), threads: 1, limits: { maxEntries: 1 }, traceLog: log });
    for (const key of ['one', 'two']) await (await cache.put(key, writeValueTree(join(dir, 'source'), key), '')).release();
    await cache.close();
    expect(endedSpans(log).filter((span) => span === 'cache.prune ok').length).toBeGreaterThan(TRACE ? 0 : -1);
  });
});

test('an opening that fails is one that failed', async () => {
  await withDirectory(async (dir) => {
    const log = createEventLog({ slots: 256, strict: true });
    await expect(LocalCacheBackend.open({ dir: join(dir, 'x'.repeat(300)), traceLog: log })).rejects.toThrow();
    expect(endedSpans(log)).toEqual(TRACE ? ['cache.open failed'] : []);
    await expect(LocalCacheBackend.open({ dir, traceLog: {} as EventLog })).rejects.toThrow(/traceLog/);
  });
});

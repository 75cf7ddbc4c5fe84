import assert from 'node:assert/strict';
import { getOrCreate } from '../io/get-or-create.ts';
import type { CacheBackend } from '../types.ts';
import { type Case, entries, putValue } from './cases.ts';
import { findUnlinearizable, type KeyOperation } from './linearizability.ts';
import { readValueTree, writeValueTree } from './trees.ts';
import type { Bench } from './suite.ts';

const INSTANCES = 3;
const KEYS = ['one', 'two'];

/** Many callers at once. */
export function concurrencyCases(test: Case, rounds: number): void {
  test('of puts of one key at once one wins, whole', async (bench) => {
    const others = [bench.cache, await bench.open()];
    await Promise.all(Array.from({ length: 12 }, (_, index) => putValue(bench, 'key', `value ${index}`, others[index % 2])));
    const hit = await bench.cache.get('key', { verify: 'full' });
    assert.match(readValueTree(hit?.path ?? ''), /^value \d+$/);
    await hit?.release();
    assert.equal((await entries(bench.cache)).size, 1);
  });

  test('fifty callers of getOrCreate have one builder, in this instance and among instances', async (bench) => {
    const caches = bench.cache.capabilities?.lockBuild === true ? [bench.cache, await bench.open(), await bench.open()] : [bench.cache];
    let builds = 0;
    const build = async (dir: string): Promise<void> => {
      builds++;
      writeValueTree(dir, 'built');
    };
    const hits = await Promise.all(Array.from({ length: 50 }, (_, index) => getOrCreate(caches[index % caches.length] ?? bench.cache, 'key', build, '')));
    assert.equal(builds, 1);
    for (const hit of hits) {
      assert.equal(readValueTree(hit.path), 'built');
      await hit.release();
    }
  });

  test('calls on a key can be put in an order that explains what each saw', async (bench) => {
    const caches: CacheBackend[] = [bench.cache];
    while (caches.length < INSTANCES) caches.push(await bench.open());
    const histories = new Map<string, KeyOperation[]>(KEYS.map((key) => [key, []]));
    await Promise.all(caches.map((cache, instance) => play(bench, cache, instance, rounds, histories)));
    for (const [key, history] of histories) assert.equal(findUnlinearizable(history), undefined, `${key}: ${JSON.stringify(history)}`);
  });
}

async function play(bench: Bench, cache: CacheBackend, instance: number, rounds: number, histories: ReadonlyMap<string, KeyOperation[]>): Promise<void> {
  const trees = Array.from({ length: rounds }, (_, round) => writeValueTree(bench.path('source'), `${instance}.${round}`));
  let state = instance + 1;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % below;
  };
  for (let round = 0; round < rounds; round++) {
    const key = KEYS[draw(KEYS.length)] ?? 'one';
    const what = draw(10);
    const startedAt = performance.now();
    const note = (call: KeyOperation['call'], at = key): void => void histories.get(at)?.push({ startedAt, endedAt: performance.now(), call });
    if (what < 3) {
      const hit = await cache.put(key, trees[round] ?? '', '');
      note({ type: 'put', value: `${instance}.${round}` });
      await hit.release();
    } else if (what < 8) {
      const hit = await cache.get(key);
      note({ type: 'get', value: hit === undefined ? undefined : readValueTree(hit.path) });
      await hit?.release();
    } else if (what < 9) note({ type: 'invalidate', found: await cache.invalidate(key) });
    else {
      const { victims } = await cache.prune({ maxEntries: 1 });
      // Where it may come back, an eviction changes nothing that a get must see.
      if (!bench.servesEvicted) for (const victim of victims) note({ type: 'evict' }, victim.key);
    }
  }
}

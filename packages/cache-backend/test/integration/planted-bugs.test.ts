import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
import { type CacheBackend, type CacheHit, LocalCacheBackend } from '@p2p/cache-backend';
import { withDirectory } from '../temporary-directory.ts';

/** A backend with some methods replaced. */
function altered(cache: LocalCacheBackend, changes: Partial<CacheBackend>): CacheBackend {
  return new Proxy<CacheBackend>(cache, {
    get: (target, name) => {
      const changed: unknown = Reflect.get(changes, name);
      if (changed !== undefined) return changed;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}

const unchanged = (hit: CacheHit, changes: Partial<CacheHit>): CacheHit => ({ path: hit.path, entry: hit.entry, tier: hit.tier, release: () => hit.release(), [Symbol.asyncDispose]: () => hit.release(), ...changes });

/** Bugs, and the test of the suite that must find each. */
const BUGS: readonly [bug: string, foundBy: string, plant: (cache: LocalCacheBackend) => CacheBackend][] = [
  ['keys that are paths', 'keys are data', (cache) => altered(cache, { put: (key, ...rest) => cache.put(key.replace(':', '_'), ...rest), get: (key, ...rest) => cache.get(key.replace(':', '_'), ...rest) })],
  ['keys without case', 'keys are data', (cache) => altered(cache, { put: (key, ...rest) => cache.put(key.toLowerCase(), ...rest), get: (key, ...rest) => cache.get(key.toLowerCase(), ...rest) })],
  ['the first put wins', 'putting over a key replaces it', (cache) => altered(cache, { put: (key, source, description, options) => cache.put(key, source, description, { ...options, ifAbsent: true }) })],
  ['invalidate always says true', 'invalidate removes one key', (cache) => altered(cache, { invalidate: async (key) => (await cache.invalidate(key)) || true })],
  ['a hit that is no lease', 'a leased tree is never evicted', (cache) => altered(cache, { get: async (key, options) => { const hit = await cache.get(key, options); await hit?.release(); return hit; } })],
  ['the source itself is served', 'the cached tree does not change with its source', (cache) => altered(cache, { put: async (key, source, ...rest) => unchanged(await cache.put(key, source, ...rest), { path: source }) })],
  ['a get does not count as an access', 'prune evicts in the order of last access', (cache) => {
    const puts = new Map<string, string>();
    return altered(cache, {
      put: async (key, source, ...rest) => { puts.set(key, source); return cache.put(key, source, ...rest); },
      prune: async (options) => {
        // The order of puts is brought back.
        for (const key of puts.keys()) await (await cache.get(key))?.release();
        return await cache.prune(options);
      },
    });
  }],
  ['a dry run that evicts', 'a dry run names the victims', (cache) => altered(cache, { prune: (options) => cache.prune({ ...options, dryRun: false }) })],
  ['verification that is left out', 'files that were changed, removed or added', (cache) => altered(cache, { get: (key) => cache.get(key) })],
  ['no lock among builders', 'fifty callers of getOrCreate', (cache) => altered(cache, { lockBuild: async () => ({ release: async () => {}, [Symbol.asyncDispose]: async () => {} }) })],
  ['a stale answer', 'calls on a key can be put in an order', (cache) => {
    const first = new Map<string, CacheHit>();
    return altered(cache, { get: async (key, options) => {
      const old = first.get(key);
      const hit = await cache.get(key, options);
      if (hit !== undefined && old === undefined) first.set(key, hit);
      return old === undefined ? hit && unchanged(hit, { release: async () => {} }) : unchanged(old, { release: async () => hit?.release() });
    } });
  }],
  ['special files that are followed or dropped', 'a FIFO is refused at once', (cache) => altered(cache, { put: (key, source, description, options) => cache.put(key, source, description, { ...options, special: 'keep' }) })],
];

describe('the conformance suite finds planted bugs', () => {
  test.for(BUGS)('%s, by "%s"', { timeout: 60_000 }, async ([, foundBy, plant]) => {
    const cases = new Map<string, () => Promise<void>>();
    cacheBackendConformance({
      test: (name, fn) => cases.set(name, fn),
      makeStore: async (scratch) => ({ open: async () => plant(await LocalCacheBackend.open({ dir: `${scratch}/cache`, threads: 1 })), remove: async () => {} }),
    });
    const [name, run] = Array.from(cases).find(([name]) => name.startsWith(foundBy)) ?? [];
    expect(name, `no test is named ${foundBy}`).toBeDefined();
    await expect(run?.()).rejects.toThrow();
  });
});

describe('the suite from outside', () => {
  test('runs in a package of its own, with node:test, on what is published', async () => {
    await withDirectory(async (dir) => {
      const modules = join(dir, 'node_modules');
      const home = new URL('../..', import.meta.url).pathname;
      mkdirSync(join(modules, '@p2p'), { recursive: true });
      // As npm would install it: the packed files and the dependency, nothing of the workspace.
      const packed = mkdtempSync(join(dir, 'packed-'));
      execFileSync('npm', ['pack', '--silent', '--pack-destination', packed, home], { cwd: home, stdio: 'pipe' });
      execFileSync('sh', ['-c', `tar -xzf ${packed}/*.tgz -C ${modules}/@p2p && mv ${modules}/@p2p/package ${modules}/@p2p/cache-backend`]);
      cpSync(join(home, 'node_modules', 'zod'), join(modules, 'zod'), { recursive: true, dereference: true });
      writeFileSync(join(dir, 'package.json'), '{"name":"outsider","type":"module"}');
      writeFileSync(join(dir, 'outsider.test.mjs'), `
        import { test } from 'node:test';
        import { LocalCacheBackend } from '@p2p/cache-backend';
        import { cacheBackendConformance } from '@p2p/cache-backend/conformance';
        cacheBackendConformance({ test, rounds: 10, makeStore: async (scratch) => ({ open: () => LocalCacheBackend.open({ dir: scratch + '/cache' }), remove: async () => {} }) });
      `);
      const said = execFileSync(process.execPath, ['--test', '--test-reporter=tap', 'outsider.test.mjs'], { cwd: dir, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined } });
      expect(said).toMatch(/# fail 0/);
      expect(Number(/# pass (\d+)/.exec(said)?.[1])).toBeGreaterThan(40);
      rmSync(packed, { recursive: true });
    });
  }, 120_000);
});

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readValueTree } from '../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';

/** What a key may say: one of these values, or nothing where undefined is among them. */
export type Allowed = Readonly<Record<string, readonly (string | undefined)[]>>;

/** Opens a cache after a crash and checks that every key has an allowed value, whole, and that nothing is left over. Then that a second recovery changes nothing. */
export async function checkAfterCrash(dir: string, allowed: Allowed): Promise<Record<string, string | undefined>> {
  const first = await LocalCacheBackend.open({ dir });
  const found: Record<string, string | undefined> = {};
  try {
    for (const [key, values] of Object.entries(allowed)) {
      const hit = await first.get(key, { verify: 'full' });
      found[key] = hit === undefined ? undefined : readValueTree(hit.path);
      await hit?.release();
      assert.ok(values.includes(found[key]), `${key} says ${String(found[key])}, allowed: ${values.map(String).join(', ')}`);
    }
    // What a dead process replaced, nobody else knows of until the next prune.
    assert.ok((await first.prune({})).limitsHold);
  } finally {
    await first.close();
  }
  checkNothingLeft(dir);
  const before = listing(dir);
  const second = await LocalCacheBackend.open({ dir });
  let recovered = 0;
  second.on('recovered', () => recovered++);
  for (const key of Object.keys(allowed)) {
    const hit = await second.get(key, { verify: 'full' });
    assert.equal(hit === undefined ? undefined : readValueTree(hit.path), found[key], `${key} changed with a second recovery`);
    await hit?.release();
  }
  await second.close();
  assert.equal(recovered, 0, 'a second recovery found something to do');
  assert.deepEqual(listing(dir), before, 'a second recovery changed files');
  return found;
}

/** When nobody has the cache open: no leases, no drafts, no trash, no trees and pool files that nothing leads to. */
export function checkNothingLeft(dir: string): void {
  for (const name of ['leases', 'tmp', 'trash']) assert.deepEqual(readdirSync(join(dir, name)), [], `leftovers in ${name}`);
  assert.ok(!existsSync(join(dir, 'intent')), 'an intent was left');
  const keys = shards(dir, 'keys');
  for (const tree of shards(dir, 'trees')) {
    const refs = readdirSync(join(dir, 'trees', tree.slice(0, 2), tree, 'refs'));
    assert.ok(refs.some((ref) => keys.includes(ref)), `no key leads to tree ${tree}`);
  }
  for (const name of shards(dir, 'pool')) assert.ok(lstatSync(join(dir, 'pool', name.slice(0, 2), name)).nlink > 1, `only the pool holds ${name}`);
}

function shards(dir: string, kind: string): string[] {
  return readdirSync(join(dir, kind)).flatMap((shard) => readdirSync(join(dir, kind, shard)));
}

function listing(dir: string): string[] {
  return (readdirSync(dir, { recursive: true }) as string[]).filter((name) => !name.startsWith('locks')).sort();
}

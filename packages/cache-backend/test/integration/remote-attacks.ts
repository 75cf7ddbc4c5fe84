import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { LocalCacheBackend, TieredCacheBackend, withEntry } from '@p2p/cache-backend';
import { expect } from 'vitest';
import { readValueTree } from '../../src/conformance/trees.ts';
import { MANIFEST_HEADER } from '../../src/manifest.ts';
import type { Pointer } from '../../src/pointer.ts';
import type { CacheBackend, CacheStats } from '../../src/types.ts';
import { entriesOf } from '../entries-of.ts';

/** SHA-256 in hex. */
export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A manifest that leads out of its tree. Its digest is right. */
export const HOSTILE_MANIFEST: string = `${MANIFEST_HEADER}\n. d 755 - - 1 -\n../../escaped f 644 - - 1 - 6 ${sha256('escape')} -\n`;

type Attack = [name: string, value: (good: string, other: string) => string];

/** What stands in the index in place of the entry of `key`, made of that and of another's. @param format writes an entry as the store keeps it */
export function forgedEntries(format: (pointer: Pointer) => string): Attack[] {
  const forge = (tree: string): string => format({ key: 'key', description: '', tree, sizeBytes: 1, allocatedBytes: 1, sharedBytes: 0, files: 1, cachedAtMs: 1 });
  return [
    ['garbage', () => 'garbage'],
    ['nothing', () => ''],
    ['a flipped bit', (good) => good.slice(0, -3) + String.fromCharCode(good.charCodeAt(good.length - 3) ^ 1) + good.slice(-2)],
    ['one cut short', (good) => good.slice(0, 150)],
    ['another key\'s', (_good, other) => other],
    ['a tree that leads out', () => forge('../../../outside')],
    ['a tree that is nowhere', () => forge('ab'.repeat(32))],
    ['a hostile manifest of a right digest', () => forge(sha256(HOSTILE_MANIFEST))],
  ];
}

/** The value in the tree under a key. */
export function valueOf(cache: CacheBackend, key: string): Promise<string | undefined> {
  return withEntry(cache, key, (hit) => (hit === undefined ? undefined : readValueTree(hit.path)));
}

export interface RemoteScene<Open> {
  /** All that a tree could escape to. */
  readonly dir: string;
  open(options?: Open): Promise<CacheBackend>;
  put(cache: CacheBackend, key: string, value: string): Promise<void>;
}

/** Puts two entries, has `forge` spoil that of `key` and the manifest lie in the store: the entry is a miss, told once, and can be put over. */
export async function expectMissInPlaceOf<Open>({ dir, open, put }: RemoteScene<Open>, forge: () => Promise<void>): Promise<void> {
  const cache = await open();
  await put(cache, 'key', 'value');
  await put(cache, 'other', 'other value');
  await forge();
  const problems: string[] = [];
  cache.on?.('quarantined', ({ problem }) => problems.push(problem));
  expect(await cache.get('key')).toBeUndefined();
  expect(problems).toHaveLength(1);
  expect((await entriesOf(cache)).map(({ key }) => key)).toEqual(['other']);
  await put(cache, 'key', 'again');
  expect(await valueOf(await open(), 'key')).toBe('again');
  expect(fs.existsSync(join(dir, 'escaped'))).toBe(false);
}

/** Pauses the server of a remote cache: the tiers in front of it go on. */
export async function expectTiersToGoOn<Open>({ dir, put }: RemoteScene<Open>, remote: CacheBackend, control: { pause(): void; resume(): void }): Promise<CacheStats> {
  await using tiers = new TieredCacheBackend(await LocalCacheBackend.open({ dir: join(dir, 'near') }), remote, { retryAfterMs: 0 });
  await put(tiers, 'key', 'value');
  control.pause();
  try {
    expect(await valueOf(tiers, 'key')).toBe('value');
    await put(tiers, 'second', 'near only');
    expect(await valueOf(tiers, 'second')).toBe('near only');
    expect(await tiers.get('third')).toBeUndefined();
  } finally {
    control.resume();
  }
  await expect.poll(() => valueOf(remote, 'key').catch(() => 'away')).toBe('value');
  return await tiers.stats();
}

import { datDigest, storeKey, type Entry } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { LookupHash } from '../../../src/core/store/lookup-hash.ts';
import { PriorityStore } from '../../../src/core/store/priority-store.ts';
import { authorKey, unsignedEntry } from '../../doubles/dats.ts';
import { collidingKey } from '../../doubles/store-key-collision.ts';

const NOW = 1_800_000_000_000;
const TTL_MS = 1000_000;

function storeOf(shardCapacityBytes = 10_000): PriorityStore {
  return new PriorityStore({ selfId: 77n, shardCapacityBytes, ttlMs: TTL_MS, hashSecret: new Uint8Array(16).fill(9) });
}

test('a store key collision does not squat a victim', () => {
  const victim = unsignedEntry({ author: 1, key: 'bank account', value: 'the true one' });
  const target = storeKey(victim.dat.publicKey, victim.dat.key);
  let attacker = 1000;
  let key: string | undefined;
  while (key === undefined) key = collidingKey(authorKey(++attacker), target);
  const squatter = unsignedEntry({ author: attacker, key, value: 'squatted' });
  expect(storeKey(squatter.dat.publicKey, squatter.dat.key), 'the attack is real').toBe(target);

  const store = storeOf();
  expect(store.admit(squatter, NOW)).toEqual({ outcome: 'inserted', evicted: 0 });
  expect(store.admit(victim, NOW)).toEqual({ outcome: 'inserted', evicted: 0 });
  expect(store.get(victim.dat.publicKey, victim.dat.key, NOW)).toEqual(victim);
  expect(store.get(squatter.dat.publicKey, squatter.dat.key, NOW)).toEqual(squatter);
  expect(store.remove(squatter.dat.publicKey, squatter.dat.key)).toBe(true);
  expect(store.get(victim.dat.publicKey, victim.dat.key, NOW)).toEqual(victim);
});

test.each([
  { what: 'two keys of an author', fields: [{ key: 'k1053526' }, { key: 'k1981109' }] },
  { what: 'one key of two authors', fields: [{ author: 332_032 }, { author: 492_895 }] },
])('even where all 40 bits of the keyed hash are equal, full keys are compared: $what', ({ fields }) => {
  // Found by trying a million under this secret.
  const hash = new LookupHash(new Uint8Array(16).fill(9));
  const entries = fields.map((each, at) => unsignedEntry({ ...each, value: `value ${at}` }));
  const filed = entries.map(({ dat }) => hash.key(dat.publicKey, dat.key) && [hash.shard, hash.tag]);
  expect(filed[0]).toEqual(filed[1]);
  const store = storeOf();
  for (const entry of entries) expect(store.admit(entry, NOW)).toEqual({ outcome: 'inserted', evicted: 0 });
  for (const entry of entries) expect(store.get(entry.dat.publicKey, entry.dat.key, NOW)).toEqual(entry);
  store.remove(entries[0]!.dat.publicKey, entries[0]!.dat.key);
  expect(store.get(entries[0]!.dat.publicKey, entries[0]!.dat.key, NOW)).toBeUndefined();
  expect(store.get(entries[1]!.dat.publicKey, entries[1]!.dat.key, NOW)).toEqual(entries[1]);
});

test('equal time with two values converges on two stores whatever the order', () => {
  const values = ['red', 'green', 'blue', ''].map((value) => unsignedEntry({ value }));
  const greatest = values.toSorted((a, b) => Buffer.compare(datDigest(a.dat), datDigest(b.dat))).at(-1)!;
  for (const order of permutations(values)) {
    const store = storeOf();
    for (const entry of order) store.admit(entry, NOW);
    // Replays change nothing: a Go node flips with each.
    for (const entry of order) expect(['older', 'duplicate']).toContain(store.admit(entry, NOW).outcome);
    expect(store.get(greatest.dat.publicKey, 'key', NOW)!.dat).toEqual(greatest.dat);
    expect(store.count).toBe(1);
  }
});

test('moved key/value boundary is one entry per signature', () => {
  const store = storeOf();
  const signed = 5;
  const honest = unsignedEntry({ key: 'price', value: '100', signed });
  const moved = unsignedEntry({ key: 'pric', value: 'e100', signed });
  expect(datDigest(moved.dat), 'one signature covers both').toEqual(datDigest(honest.dat));
  expect(store.admit(honest, NOW)).toEqual({ outcome: 'inserted', evicted: 0 });
  expect(store.preview(moved.dat, NOW)).toEqual({ outcome: 'signature-reused' });
  expect(store.admit(moved, NOW)).toEqual({ outcome: 'signature-reused' });
  expect([store.count, store.usedBytes]).toEqual([1, 224 + 8]);
  // Replaced by a newer one, the signature is free, and so it is after a removal.
  store.admit(unsignedEntry({ key: 'price', value: '101', time: NOW + 1 }), NOW);
  expect(store.admit(moved, NOW).outcome).toBe('inserted');
  store.remove(moved.dat.publicKey, 'pric');
  expect(store.admit(unsignedEntry({ key: 'pri', value: 'ce100', signed }), NOW).outcome).toBe('inserted');
});

test('an update that grows obeys capacity', () => {
  // Room for two entries of 300 bytes in each shard; all keys below fall into one.
  const store = storeOf(600);
  const [own, other, third] = keysOfOneShard(3);
  const sized = (key: string, bytes: number, time: number): Entry => unsignedEntry({ key, value: new Uint8Array(bytes - 224 - key.length), time });
  store.admit(sized(own!, 300, NOW), NOW);
  store.admit(sized(other!, 300, NOW + 50), NOW);
  // Its own bytes are free for it, the other's are not: the other has the higher priority.
  expect(store.admit(sized(own!, 301, NOW + 10), NOW)).toEqual({ outcome: 'no-room' });
  expect(store.get(authorKey(0), own!, NOW)!.dat.time, 'a refusal changes nothing').toBe(NOW);
  expect(store.admit(sized(own!, 300, NOW + 10), NOW)).toEqual({ outcome: 'updated', evicted: 0 });
  // With a higher priority than the other's it may push it out.
  expect(store.admit(sized(own!, 301, NOW + 100), NOW)).toEqual({ outcome: 'updated', evicted: 1 });
  expect(store.get(authorKey(0), other!, NOW)).toBeUndefined();
  expect(store.usedBytes).toBe(301);
  // Alone it may fill the shard, not more.
  expect(store.admit(sized(own!, 600, NOW + 101), NOW)).toEqual({ outcome: 'updated', evicted: 0 });
  expect(store.admit(sized(own!, 601, NOW + 102), NOW)).toEqual({ outcome: 'no-room' });
  expect(store.admit(sized(third!, 260, NOW + 90), NOW)).toEqual({ outcome: 'no-room' });
  expect(store.usedBytes).toBe(600);
});

test('expired are neither served nor counted', () => {
  const store = storeOf();
  const left: string[] = [];
  store.onEvicted = (dat, reason) => void left.push(`${dat.key} ${reason}`);
  for (let at = 0; at < 40; at++) store.admit(unsignedEntry({ key: `old-${at}`, time: NOW - TTL_MS + 10 }), NOW);
  store.admit(unsignedEntry({ key: 'young', time: NOW - TTL_MS + 11 }), NOW);
  const atExpiry = NOW + 10;
  expect(store.get(authorKey(0), 'old-3', atExpiry - 1)).toBeDefined();
  expect(store.get(authorKey(0), 'old-3', atExpiry)).toBeUndefined();
  expect(store.getEncoded(authorKey(0), 'old-3', atExpiry)).toBeUndefined();
  expect(store.admit(unsignedEntry({ key: 'late', time: NOW - TTL_MS + 10 }), atExpiry)).toEqual({ outcome: 'expired' });
  expect(store.scan(0, 100, atExpiry).entries.map(({ dat }) => dat.key)).toEqual(['young']);
  let draws = 0;
  for (; draws < 50; draws++) expect(store.sample(() => (draws * 0.381_966) % 1, atExpiry)?.dat.key).toBe('young');
  expect(store.sample(() => 0.5, atExpiry + 1)).toBeUndefined();
  // They leave in slices as small as asked for.
  expect(store.sweepExpired(25, atExpiry)).toBe(25);
  expect(store.count).toBe(16);
  expect(store.sweepExpired(25, atExpiry)).toBe(15);
  expect(store.sweepExpired(25, atExpiry)).toBe(0);
  expect([store.count, store.usedBytes]).toEqual([1, 224 + 5 + 10]);
  expect(new Set(left).size).toBe(40);
  expect(left.every((line) => line.endsWith(' expired'))).toBe(true);
});

test('replica lists are kept from the first insert, whatever later copies say', () => {
  const store = storeOf();
  store.admit(unsignedEntry({ signed: 1, replicas: [3n, 4n] }), NOW);
  expect(store.admit(unsignedEntry({ signed: 1, replicas: [9n] }), NOW)).toEqual({ outcome: 'duplicate' });
  expect(store.get(authorKey(0), 'key', NOW)!.replicas).toEqual([3n, 4n]);
  expect(store.admit(unsignedEntry({ time: NOW + 1, value: 'longer than it was before', replicas: [9n] }), NOW).outcome).toBe('updated');
  expect(store.get(authorKey(0), 'key', NOW)!.replicas).toEqual([3n, 4n]);
});

/** Keys of author 0 that share a shard: a store with room for one entry a shard tells. */
function keysOfOneShard(count: number): string[] {
  const size = (key: string): number => 224 + key.length;
  const keys = ['anchor'];
  for (let at = 0; keys.length < count; at++) {
    const probe = storeOf(size('anchor'));
    probe.admit(unsignedEntry({ key: 'anchor', value: '' }), NOW);
    const key = String(at).padStart(6, '0');
    if (probe.admit(unsignedEntry({ key, value: '' }), NOW).outcome === 'no-room') keys.push(key);
  }
  return keys;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) => permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]));
}

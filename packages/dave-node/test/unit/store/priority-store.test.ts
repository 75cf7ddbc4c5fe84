import { encodeEntry, WireError, type Entry } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { MAX_SHARD_CAPACITY_BYTES, PriorityStore } from '../../../src/core/store/priority-store.ts';
import { authorKey, unsignedEntry } from '../../doubles/dats.ts';

const NOW = 1_800_000_000_000;
const options = { selfId: 77n, shardCapacityBytes: 100_000, ttlMs: 1_000_000, hashSecret: new Uint8Array(16).fill(9) };

test('an entry comes back as it was, and belongs to the caller', () => {
  const store = new PriorityStore(options);
  const entry = unsignedEntry({ key: 'schlüssel 🔑', value: 'wert', replicas: [1n, 2n ** 64n - 1n] });
  const kept = structuredClone(entry);
  store.admit(entry, NOW);
  entry.dat.value.fill(0);
  entry.dat.publicKey = new Uint8Array(32);
  const first = store.get(kept.dat.publicKey, kept.dat.key, NOW)!;
  expect(first).toEqual(kept);
  expect(store.getEncoded(kept.dat.publicKey, kept.dat.key, NOW)).toEqual(encodeEntry(kept));
  first.dat.value.fill(0);
  first.dat.signature.fill(0);
  expect(store.get(kept.dat.publicKey, kept.dat.key, NOW)).toEqual(kept);
});

test('keys that no entry can have are not there', () => {
  const store = new PriorityStore(options);
  store.admit(unsignedEntry({ key: '\uFFFD' }), NOW);
  store.admit(unsignedEntry({ key: '' }), NOW);
  for (const key of ['\uD800', 'x\uDC00', 'k'.repeat(256), 'ü'.repeat(128)]) {
    expect(store.get(authorKey(0), key, NOW)).toBeUndefined();
    expect(store.remove(authorKey(0), key)).toBe(false);
  }
  expect(store.get(authorKey(0), '\uFFFD', NOW)).toBeDefined();
  expect(store.get(authorKey(0), '', NOW)).toBeDefined();
  expect(() => store.get(new Uint8Array(31), 'key', NOW)).toThrow(TypeError);
});

test('the longest key and the largest entry fit, larger ones have no room, malformed ones throw', () => {
  const store = new PriorityStore(options);
  const key = 'k'.repeat(255);
  expect(store.admit(unsignedEntry({ key, value: new Uint8Array(1227 - 255) }), NOW).outcome).toBe('inserted');
  expect(store.get(authorKey(0), key, NOW)!.dat.value.length).toBe(1227 - 255);
  expect(store.admit(unsignedEntry({ key: 'big', value: new Uint8Array(1225) }), NOW)).toEqual({ outcome: 'no-room' });
  const malformed = unsignedEntry();
  malformed.dat.signature = new Uint8Array(63);
  expect(() => store.admit(malformed, NOW)).toThrow(WireError);
  expect(() => store.admit(unsignedEntry({ key: '\uD800' }), NOW)).toThrow(WireError);
  expect(store.count).toBe(1);
});

test('a walk meets each entry that stays exactly once, while others come, go and change size', () => {
  const store = new PriorityStore(options);
  const stays = new Set<string>();
  for (let at = 0; at < 3000; at++) store.admit(unsignedEntry({ key: `k${at}`, value: new Uint8Array(at % 90) }), NOW);
  for (let at = 0; at < 3000; at += 3) stays.add(`k${at}`);
  const met: string[] = [];
  let cursor: number | undefined = 0;
  let round = 0;
  while (cursor !== undefined) {
    const slice: { entries: Entry[]; cursor: number | undefined } = store.scan(cursor, 7, NOW);
    expect(slice.entries.length).toBeLessThanOrEqual(7);
    met.push(...slice.entries.map(({ dat }) => dat.key));
    ({ cursor } = slice);
    round++;
    store.remove(authorKey(0), `k${3 * ((round * 37) % 1000) + 1}`);
    store.admit(unsignedEntry({ key: `k${3 * ((round * 41) % 1000)}`, value: new Uint8Array(round % 300), time: NOW + round }), NOW);
    store.admit(unsignedEntry({ key: `new${round}` }), NOW);
  }
  expect(new Set(met).size).toBe(met.length);
  expect(met.filter((key) => stays.has(key)).length).toBe(stays.size);
});

test('a walk over emptied slots ends and stays bounded', () => {
  const store = new PriorityStore(options);
  for (let at = 0; at < 5000; at++) store.admit(unsignedEntry({ key: `k${at}` }), NOW);
  for (let at = 0; at < 4990; at++) store.remove(authorKey(0), `k${at}`);
  let calls = 0;
  let met = 0;
  for (let cursor: number | undefined = 0; cursor !== undefined; calls++) {
    const slice: { entries: Entry[]; cursor: number | undefined } = store.scan(cursor, 1, NOW);
    met += slice.entries.length;
    ({ cursor } = slice);
  }
  expect(met).toBe(10);
  expect(calls).toBeGreaterThan(10);
});

test('samples are uniform over live entries', () => {
  const store = new PriorityStore(options);
  for (let at = 0; at < 20; at++) store.admit(unsignedEntry({ author: at, key: `k${at}`, time: NOW - at }), NOW);
  // The ten oldest have expired.
  const nowMs = NOW + options.ttlMs - 9;
  const drawn = new Map<string, number>();
  let state = 1;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let at = 0; at < 10_000; at++) {
    const { key } = store.sample(draw, nowMs)!.dat;
    drawn.set(key, (drawn.get(key) ?? 0) + 1);
  }
  expect(drawn.size).toBe(9);
  for (const times of drawn.values()) expect(Math.abs(times - 10_000 / 9)).toBeLessThan(200);
  expect(new PriorityStore(options).sample(Math.random, NOW)).toBeUndefined();
});

test('a listener may change the store while it is told who left', () => {
  const store = new PriorityStore({ ...options, shardCapacityBytes: 300 });
  let told = 0;
  store.onEvicted = (dat) => {
    told++;
    expect(store.get(dat.publicKey, dat.key, NOW)).toBeUndefined();
    store.remove(dat.publicKey, `${dat.key}-x`);
    if (told < 2000) store.admit(unsignedEntry({ key: `${dat.key}+`.slice(0, 40), time: dat.time + 1000 }), NOW);
  };
  for (let at = 0; at < 2000; at++) store.admit(unsignedEntry({ key: `k${at}`, time: NOW + at }), NOW);
  expect(told).toBeGreaterThan(500);
  const { entries } = store.scan(0, 1000, NOW);
  expect(entries.length).toBe(store.count);
  expect(entries.reduce((sum, { dat }) => sum + 224 + dat.key.length + dat.value.length, 0)).toBe(store.usedBytes);
});

test('memory is taken as it is used, and given back', () => {
  const store = new PriorityStore({ ...options, shardCapacityBytes: MAX_SHARD_CAPACITY_BYTES });
  expect(store.slabBytes).toBe(0);
  for (let at = 0; at < 3000; at++) store.admit(unsignedEntry({ key: `k${at}`, value: new Uint8Array((at * 7) % 1000) }), NOW);
  const payload = store.usedBytes - 3000 * (224 - 197);
  expect(store.slabBytes).toBeLessThan(1.4 * payload);
  for (let at = 0; at < 3000; at++) store.remove(authorKey(0), `k${at}`);
  expect([store.slabBytes, store.usedBytes, store.count]).toEqual([0, 0, 0]);
});

test('a store without capacity takes nothing', () => {
  const store = new PriorityStore({ ...options, shardCapacityBytes: 0 });
  expect(store.admit(unsignedEntry(), NOW)).toEqual({ outcome: 'no-room' });
  expect(store.capacityBytes).toBe(0);
});

test.each([{ shardCapacityBytes: -1 }, { shardCapacityBytes: 1.5 }, { shardCapacityBytes: MAX_SHARD_CAPACITY_BYTES + 1 }, { ttlMs: 0 }, { ttlMs: Number.POSITIVE_INFINITY }, { hashSecret: new Uint8Array(8) }])(
  'options out of bounds are refused: %j',
  (wrong) => {
    expect(() => new PriorityStore({ ...options, ...wrong })).toThrow(TypeError);
  },
);

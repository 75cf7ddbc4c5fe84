import { datDigest, distance, peerIdOf, type Dat } from '@p2p/dave-wire';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LookupHash } from '../../src/core/store/lookup-hash.ts';
import { PriorityStore } from '../../src/core/store/priority-store.ts';
import { authorKey, unsignedEntry } from '../doubles/dats.ts';

const SECRET = Uint8Array.from({ length: 16 }, (_, at) => at * 7);
const SELF = 0x1234_5678_9abc_def0n;
const DAY_MS = 86_400_000;
const START = 1_800_000_000_000;

/** The store's rules, said as plainly as possible: a list, and every priority computed anew. */
class Model {
  entries: Dat[] = [];
  readonly #capacityBytes: number;
  readonly #ttlMs: number;

  constructor(capacityBytes: number, ttlMs: number) {
    this.#capacityBytes = capacityBytes;
    this.#ttlMs = ttlMs;
  }

  priority(dat: Dat, nowMs: number): number {
    const closeness = Number(2n ** 64n - distance(SELF, peerIdOf(dat.publicKey))) / 2 ** 64;
    return Math.max(0, closeness * (dat.time + this.#ttlMs - nowMs));
  }

  find(publicKey: Uint8Array, key: string): Dat | undefined {
    return this.entries.find((dat) => dat.key === key && Buffer.compare(dat.publicKey, publicKey) === 0);
  }

  isLive(dat: Dat, nowMs: number): boolean {
    return dat.time + this.#ttlMs > nowMs;
  }

  admit(dat: Dat, nowMs: number): string {
    if (!this.isLive(dat, nowMs)) return 'expired';
    const old = this.find(dat.publicKey, dat.key);
    if (old !== undefined && old.time > dat.time) return 'older';
    if (old !== undefined && old.time === dat.time) {
      const order = Buffer.compare(datDigest(dat), datDigest(old));
      if (order === 0) return 'duplicate';
      if (order < 0) return 'older';
    }
    if (this.entries.some((other) => other !== old && Buffer.compare(other.signature, dat.signature) === 0)) return 'signature-reused';
    const others = this.entries.filter((other) => other !== old);
    const lower = others.filter((other) => this.priority(other, nowMs) < this.priority(dat, nowMs));
    // Enough room can be made exactly if evicting all of lower priority would do.
    if (sizeOf(others) - sizeOf(lower) + bytesOf(dat) > this.#capacityBytes) return 'no-room';
    this.entries = [...others, dat];
    return old === undefined ? 'inserted' : 'updated';
  }

  /** Judges which entries left for `dat`: where priorities are equal, any of them may. */
  evict(victims: readonly Dat[], dat: Dat, nowMs: number): void {
    const left = victims.map((victim) => this.find(victim.publicKey, victim.key)!);
    expect(left).toEqual(victims);
    const kept = this.entries.filter((entry) => !left.includes(entry));
    const highest = Math.max(...left.map((victim) => this.priority(victim, nowMs)));
    const others = kept.filter((entry) => entry !== dat).map((entry) => this.priority(entry, nowMs));
    expect(highest).toBeLessThanOrEqual(Math.min(...others));
    expect(highest).toBeLessThan(this.priority(dat, nowMs));
    expect(sizeOf(kept)).toBeLessThanOrEqual(this.#capacityBytes);
    const lastOnes = left.filter((victim) => this.priority(victim, nowMs) === highest);
    expect(lastOnes.some((victim) => sizeOf(kept) + bytesOf(victim) > this.#capacityBytes), 'no more leave than have to').toBe(true);
    this.entries = kept;
  }

  sweep(nowMs: number): void {
    this.entries = this.entries.filter((dat) => this.isLive(dat, nowMs));
  }
}

function sizeOf(dats: readonly Dat[]): number {
  return dats.reduce((sum, dat) => sum + bytesOf(dat), 0);
}

function bytesOf(dat: Dat): number {
  return 224 + dat.key.length + dat.value.length;
}

/** Keys that all fall into one shard, so that a few of them fill it. */
const places = ((): { author: number; key: string }[] => {
  const hash = new LookupHash(SECRET);
  const found: { author: number; key: string }[] = [];
  for (let at = 0; found.length < 150; at++) {
    const place = { author: at % 37, key: `key-${at}` };
    hash.key(authorKey(place.author), place.key);
    if (hash.shard === 5) found.push(place);
  }
  return found;
})();

const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('admit' as const), place: fc.nat(places.length - 1), valueBytes: fc.integer({ min: 0, max: 900 }), ageDays: fc.integer({ min: -1, max: 366 }), reuse: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), place: fc.nat(places.length - 1), valueBytes: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), days: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 200 })) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), place: fc.nat(places.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sweep' as const) }) },
);

test.each([
  { capacityBytes: 3000, ttlDays: 365 },
  { capacityBytes: 12_000, ttlDays: 365 },
  { capacityBytes: 12_000, ttlDays: 100 },
])('over simulated years, a shard of $capacityBytes bytes holds what a brute-force model holds (entries live $ttlDays days)', ({ capacityBytes, ttlDays }) => {
  const ttlMs = ttlDays * DAY_MS;
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 400, size: 'max' }), (steps) => {
      const model = new Model(capacityBytes, ttlMs);
      const store = new PriorityStore({ selfId: SELF, shardCapacityBytes: capacityBytes, ttlMs, hashSecret: SECRET });
      let left: Dat[] = [];
      let nowMs = START;
      store.onEvicted = (dat, reason) => {
        expect(reason).toBe(model.isLive(dat, nowMs) ? 'capacity' : 'expired');
        left.push(dat);
      };
      let signed = 0;
      for (const action of steps) {
        left = [];
        if (action.do === 'wait') {
          nowMs += action.days * DAY_MS;
        } else if (action.do === 'sweep') {
          while (store.sweepExpired(3, nowMs) === 3);
          const before = model.entries.length;
          model.sweep(nowMs);
          expect(left.length).toBe(before - model.entries.length);
        } else if (action.do === 'remove') {
          const { author, key } = places[action.place]!;
          const dat = model.find(authorKey(author), key);
          expect(store.remove(authorKey(author), key)).toBe(dat !== undefined);
          model.entries = model.entries.filter((other) => other !== dat);
        } else {
          const { author, key } = places[action.place]!;
          // Same time, another value: the greater digest decides.
          const held = action.do === 'repeat' ? model.find(authorKey(author), key) : undefined;
          const time = action.do === 'repeat' ? (held?.time ?? nowMs) : nowMs - action.ageDays * DAY_MS + action.valueBytes;
          const entry = unsignedEntry({ author, key, time, value: new Uint8Array(action.valueBytes).fill(author), signed: action.do === 'admit' && action.reuse && signed > 0 ? Math.floor(signed / 2) : ++signed });
          const preview = store.preview(entry.dat, nowMs);
          const outcome = store.admit(entry, nowMs);
          expect(preview).toEqual('evicted' in outcome ? undefined : outcome);
          expect(outcome.outcome).toBe(model.admit(entry.dat, nowMs));
          expect(left.length).toBe('evicted' in outcome ? outcome.evicted : 0);
          if (left.length > 0) model.evict(left, entry.dat, nowMs);
        }
        expect(store.count).toBe(model.entries.length);
        expect(store.usedBytes).toBe(sizeOf(model.entries));
      }
      for (const { author, key } of places) {
        const dat = model.find(authorKey(author), key);
        expect(store.get(authorKey(author), key, nowMs)?.dat).toEqual(dat !== undefined && model.isLive(dat, nowMs) ? dat : undefined);
      }
    }),
    { numRuns: 100 },
  );
});

import { SeededRandom, VirtualClock } from '@p2p/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundedHeap } from '../../src/bounded-heap.ts';
import { BootstrapCache } from '../../src/index.ts';
import { bytesToHex, parseHex } from '../../src/hex.ts';
import { packCapabilities, unpackCapabilities } from '../../src/packed-capabilities.ts';

test('the bounded heap keeps what sorting keeps', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 200 }), fc.integer({ min: 1, max: 50 }), (keys, limit) => {
      const heap = new BoundedHeap(limit);
      heap.offerAll(Float64Array.from(keys), (slot, bound) => (slot % 5 === 4 ? undefined : slot % 3 === 0 ? bound - 1 : bound));
      const lowered = keys.map((key, slot) => (slot % 3 === 0 ? key - 1 : key));
      const sorted = [...keys.keys()].filter((slot) => slot % 5 !== 4).sort((a, b) => Math.sign(lowered[b]! - lowered[a]!) || a - b);
      expect([...heap.drain()]).toEqual(sorted.slice(0, limit));
    }),
  );
});

test('hex ids come back as they were, other texts are no hex', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 64 }), (bytes) => {
    expect(parseHex(bytesToHex(bytes))).toEqual(bytes);
  }));
  for (const text of ['', 'abc', '0123456', '0123456g', 'ABCDEF01', '0123456ü', '\u0130123456']) expect(parseHex(text)).toBeUndefined();
});

test('capabilities come back as they were packed', () => {
  const flag = fc.constantFrom(true, false, undefined);
  const natType = fc.constantFrom('none', 'full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'unknown', undefined);
  fc.assert(
    fc.property(fc.record({ relay: flag, coordination: flag, dualStack: flag, natType }), (capabilities) => {
      const known = Object.fromEntries(Object.entries(capabilities).filter(([, value]) => value !== undefined));
      expect(unpackCapabilities(packCapabilities(capabilities))).toEqual(known);
    }),
  );
});

test('whatever happens, the bounds hold and every pick is a peer once', async () => {
  const step = fc.record({ kind: fc.integer({ min: 0, max: 9 }), peer: fc.nat(60), value: fc.nat(300), hours: fc.integer({ min: -1000, max: 1000 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 200 }), fc.constantFrom('bayes' as const, 'ant-quic' as const), async (steps, scoring) => {
      const clock = new VirtualClock();
      const cache = await BootstrapCache.open({ persist: false, maxPeers: 20, maxPerNetwork: 5, minKeep: 3, scoring, clock, random: new SeededRandom('bounds') });
      for (const { kind, peer, value, hours } of steps) {
        const id = `peer-${peer}`;
        const address = `198.51.${peer % 7}.${value % 256}:1`;
        if (kind <= 2) cache.add(id, [address], { claims: { relay: value % 2 === 0 } });
        if (kind === 3) cache.addSeed(id, [address]);
        if (kind === 4) cache.recordSuccess(id, { rttMs: value, address });
        if (kind === 5) cache.recordFailure(id);
        if (kind === 6) cache.remove(id);
        if (kind === 7) clock.stepWallClock(hours * 3_600_000);
        if (kind === 8) cache.cleanUp();
        if (kind === 9) cache.observeReachability(id, address, 'global');
        expect(cache.size).toBeLessThanOrEqual(20);
      }
      const all = [...cache.all()];
      expect(new Set(all.map(({ id }) => id)).size).toBe(cache.size);
      for (const found of all) {
        expect(found.quality).toBeGreaterThanOrEqual(0);
        expect(found.quality).toBeLessThanOrEqual(1);
        expect(found.addresses.length).toBeLessThanOrEqual(8);
        expect(cache.get(found.id)!.id).toBe(found.id);
      }
      for (const strategy of ['epsilon-greedy', 'best-first', 'random', 'thompson'] as const) {
        const picked = cache.selectPeers(15, { strategy }).map(({ id }) => id);
        expect(new Set(picked).size).toBe(Math.min(15, cache.size));
      }
      expect(cache.stats().peers).toBe(all.length);
    }),
    { numRuns: 150 },
  );
});

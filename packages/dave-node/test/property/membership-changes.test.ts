import { distance } from '@p2p/dave-wire';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { MembershipChanges } from '../../src/core/ops/membership-changes.ts';
import type { Replica } from '../../src/core/ops/replicas.ts';
import { peerAt } from '../doubles/peer-directory.ts';

const SELF = 0x8000_0000_0000_0000n;
const id = fc.bigInt({ min: 1n, max: 24n }).map((small) => small * 0x0a3d_70a3_d70a_3d71n % 2n ** 64n);

function closest(ids: Iterable<bigint>, target: bigint): bigint[] {
  return [...ids].sort((a, b) => (distance(a, target) < distance(b, target) ? -1 : 1)).slice(0, 5);
}

function asReplicas(ids: readonly bigint[]): Replica[] {
  return ids.map((one) => ({
    id: one,
    peer: one === SELF ? undefined : peerAt({ address: '192.0.2.1', port: 1 }, one, new Uint8Array(32)),
  }));
}

test('the new replicas are those of now without those of the last walk, plus whoever came back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 16, size: 'max' }), fc.array(fc.tuple(fc.boolean(), id), { maxLength: 30, size: 'max' }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (before, events, target) => {
      const changes = new MembershipChanges();
      const present = new Set(before);
      for (const one of before) changes.arrived(one);
      changes.beginWalk();
      changes.endWalk();
      expect(changes.any).toBe(false);
      const arrived = new Set<bigint>();
      for (const [comes, one] of events) {
        if (comes && !present.has(one)) {
          present.add(one);
          arrived.add(one);
          expect(changes.arrived(one)).toBe(true);
        } else if (!comes && present.has(one)) {
          present.delete(one);
          arrived.delete(one);
          expect(changes.left(one)).toBe(true);
        }
      }
      const former = new Set(closest([...before, SELF], target));
      const now = closest([...present, SELF], target);
      // Who came back may be empty, so it is new although it was a replica before.
      const expected = now.filter((one) => one !== SELF && (arrived.has(one) || !former.has(one)));
      expect(changes.newAmong(target, asReplicas(now)).map((replica) => replica.id)).toEqual(expected);
    }),
    { numRuns: 1500 },
  );
});

test('a walk deals with what happened before it, not with what happens during it', () => {
  const changes = new MembershipChanges();
  changes.arrived(1n);
  changes.beginWalk();
  changes.arrived(2n);
  changes.endWalk();
  expect(changes.newAmong(0n, asReplicas([1n, 2n])).map((replica) => replica.id)).toEqual([2n]);
  changes.recheck(1n);
  expect(changes.newAmong(0n, asReplicas([1n, 2n])).map((replica) => replica.id)).toEqual([1n, 2n]);
});

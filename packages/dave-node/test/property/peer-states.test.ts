import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { dueChange, nextChangeAt, silentAt } from '../../src/core/peers/activation.ts';
import type { PeerState } from '../../src/core/peers/peer.ts';

const INTERVALS = { pingMs: 1000, activateAfter: 5, deactivateAfter: 3, dropAfter: 12, getMyAddrMs: 600_000 };

interface Peer {
  state: PeerState;
  edge: boolean;
  lastProofAt: number | undefined;
  provenSinceAt: number;
  pingIntervalMs: number;
}

/** What the rules say, written down without looking for the next moment. */
function expectedState(proofs: readonly number[], nowAt: number, edge: boolean): PeerState {
  let state: PeerState = 'unproven';
  let since = 0;
  let last: number | undefined;
  for (let at = 0; at <= nowAt; at++) {
    const silence = last === undefined ? 0 : at - last;
    if (last !== undefined) {
      if (silence >= 12_000) [state, last] = ['unproven', undefined];
      else if (silence >= 3250 && state === 'active') state = 'inactive';
      else if (silence < 3250 && state === 'proven' && at - since >= 5000) state = 'active';
    }
    if (!proofs.includes(at)) continue;
    if (last === undefined || silence >= 3250) since = at;
    if (state === 'unproven') state = edge ? 'active' : 'proven';
    else if (state === 'inactive' || (state === 'proven' && (edge || at - since >= 5000))) state = 'active';
    last = at;
  }
  return state;
}

test('acting only when something is due leads to the states that watching all the time does', () => {
  const gaps = fc.array(fc.constantFrom(200, 1000, 1000, 1000, 2500, 3249, 3250, 3251, 6000, 11_999, 12_000, 13_000), { minLength: 1, maxLength: 14 });
  fc.assert(
    fc.property(gaps, fc.boolean(), fc.nat(13_000), (between, edge, afterMs) => {
      const proofs: number[] = [];
      for (const gap of between) proofs.push((proofs.at(-1) ?? 0) + gap);
      const endAt = proofs.at(-1)! + afterMs;
      const peer: Peer = { state: 'unproven', edge, lastProofAt: undefined, provenSinceAt: 0, pingIntervalMs: 1000 };
      const settle = (nowAt: number): void => {
        for (let change = dueChange(peer, nowAt, INTERVALS); change !== undefined; change = dueChange(peer, nowAt, INTERVALS)) {
          if (change === 'lapse') [peer.state, peer.lastProofAt] = ['unproven', undefined];
          else peer.state = change === 'activate' ? 'active' : 'inactive';
        }
      };
      const runTo = (untilAt: number, fromAt: number): void => {
        let nowAt = fromAt;
        for (;;) {
          const nextAt = nextChangeAt(peer, nowAt, INTERVALS);
          if (nextAt > untilAt) return;
          // Each moment it names must bring a change, or the timer would spin.
          expect(dueChange(peer, nextAt, INTERVALS)).toBeDefined();
          settle(nextAt);
          nowAt = nextAt;
        }
      };
      let nowAt = 0;
      for (const proofAt of proofs) {
        runTo(proofAt, nowAt);
        nowAt = proofAt;
        if (proofAt >= silentAt(peer, INTERVALS)) peer.provenSinceAt = proofAt;
        peer.lastProofAt = proofAt;
        if (peer.state === 'unproven') peer.state = 'proven';
        if (peer.state === 'inactive') peer.state = 'active';
        settle(proofAt);
      }
      runTo(endAt, nowAt);
      expect(peer.state).toBe(expectedState(proofs, endAt, edge));
    }),
    { numRuns: 60 },
  );
});

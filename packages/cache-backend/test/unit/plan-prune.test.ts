import { describe, expect, test } from 'vitest';
import { type PruneCandidate, PrunePlan } from '../../src/plan-prune.ts';
import type { PruneOptions } from '../../src/types.ts';

const NOW = 1_000_000;

function candidate(id: string, ageMs: number, more: Partial<PruneCandidate> = {}): PruneCandidate {
  return { id, sizeBytes: 10, allocatedBytes: 4096, accessedUs: (NOW - ageMs) * 1000, expiresAtMs: undefined, tags: undefined, isPinned: false, ...more };
}

/** Who goes and why, and whether the limits hold then. */
function run(candidates: PruneCandidate[], options: PruneOptions, freeBytes = 0): { gone: string[]; limitsHold: boolean } {
  const plan = new PrunePlan(candidates, options, NOW, freeBytes);
  const gone: string[] = [];
  for (const one of plan.order) {
    const reason = plan.reasonFor(one);
    if (reason === undefined || (reason !== 'expired' && plan.protection(one) !== undefined)) continue;
    plan.evicted(one);
    gone.push(`${one.id} ${reason}`);
  }
  return { gone, limitsHold: plan.limitsHold };
}

describe('a plan', () => {
  const four = [candidate('b', 20), candidate('d', 5), candidate('a', 30), candidate('c', 10)];

  test('goes by last access and stops when the limit holds', () => {
    expect(run(four, { maxEntries: 2 })).toEqual({ gone: ['a max-entries', 'b max-entries'], limitsHold: true });
    expect(run(four, { maxBytes: 39 })).toEqual({ gone: ['a max-bytes'], limitsHold: true });
    expect(run(four, { maxEntries: 0 }).gone).toHaveLength(4);
    expect(run(four, {})).toEqual({ gone: [], limitsHold: true });
  });

  test('takes what is too old or has expired whatever the limits', () => {
    expect(run([...four, candidate('e', 0, { expiresAtMs: NOW })], { maxAgeMs: 15 }).gone).toEqual(['a max-age', 'b max-age', 'e expired']);
  });

  test('frees room until there is enough', () => {
    expect(run(four, { minFreeBytes: 10_000 }, 2_000).gone).toEqual(['a min-free', 'b min-free']);
  });

  test('goes down to the low watermark only once the limit is exceeded', () => {
    expect(run(four, { maxEntries: 4, lowWatermark: 0.5 }).gone).toEqual([]);
    expect(run(four, { maxEntries: 3, lowWatermark: 0.4 }).gone).toHaveLength(3);
  });

  test('passes over what is pinned or tagged, and says that the limit does not hold', () => {
    const some = [candidate('a', 3, { isPinned: true }), candidate('b', 2, { tags: ['keep'] }), candidate('c', 1)];
    expect(run(some, { maxEntries: 0, keepTags: ['keep'] })).toEqual({ gone: ['c max-entries'], limitsHold: false });
    expect(run(some, { maxEntries: 1, keepTags: ['keep'] })).toEqual({ gone: ['c max-entries'], limitsHold: false });
  });
});

import { expect, test } from 'vitest';
import { Challenges } from '../../../src/core/peers/challenges.ts';

const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

test('two challenges are outstanding; a third replaces the oldest', () => {
  const challenges = new Challenges();
  for (const fill of [1, 2, 3]) challenges.add(bytes(fill), fill);
  expect(challenges.size).toBe(2);
  expect(challenges.find(bytes(1))).toBeUndefined();
  expect(challenges.find(bytes(2))?.sentMs).toBe(2);
  expect(challenges.find(bytes(3))?.sentMs).toBe(3);
});

test('looking for a challenge consumes nothing; consuming works once', () => {
  const challenges = new Challenges();
  challenges.add(bytes(1), 0);
  expect(challenges.find(bytes(9))).toBeUndefined();
  expect(challenges.find(bytes(1).subarray(0, 31))).toBeUndefined();
  const outstanding = challenges.find(bytes(1))!;
  expect(challenges.consume(outstanding)).toBe(true);
  expect(challenges.consume(outstanding)).toBe(false);
  expect(challenges.find(bytes(1))).toBeUndefined();
});

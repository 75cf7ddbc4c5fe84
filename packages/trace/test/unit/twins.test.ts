import { expect, expectTypeOf, test } from 'vitest';
import * as live from '../../src/index.ts';
import * as noop from '@p2p/trace-noop';
import * as chosen from '@p2p/trace';

test('the twins have the same exports with the same types', () => {
  expect(Object.keys(noop).sort()).toEqual(Object.keys(live).sort());
  expectTypeOf<typeof noop>().toExtend<typeof live>();
  expectTypeOf<typeof live>().toExtend<typeof noop>();
});

test('the condition p2p-trace chooses the live twin, its absence the no-op', () => {
  expect(chosen.TRACE).toBe(process.env['P2P_FLAVOUR'] === 'traced');
});

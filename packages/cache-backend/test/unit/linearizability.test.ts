import { describe, expect, test } from 'vitest';
import { findUnlinearizable, type KeyOperation } from '../../src/conformance/linearizability.ts';

const put = (startedAt: number, endedAt: number, value: string): KeyOperation => ({ startedAt, endedAt, call: { type: 'put', value } });
const get = (startedAt: number, endedAt: number, value: string | undefined): KeyOperation => ({ startedAt, endedAt, call: { type: 'get', value } });
const invalidate = (startedAt: number, endedAt: number, found: boolean): KeyOperation => ({ startedAt, endedAt, call: { type: 'invalidate', found } });
const evict = (startedAt: number, endedAt: number): KeyOperation => ({ startedAt, endedAt, call: { type: 'evict' } });

describe('histories that can be put in order', () => {
  test.for<[string, KeyOperation[]]>([
    ['nothing', []],
    ['one after the other', [put(0, 1, 'a'), get(2, 3, 'a'), invalidate(4, 5, true), get(6, 7, undefined)]],
    ['a get during a put may see either', [put(0, 1, 'a'), put(2, 9, 'b'), get(3, 4, 'a'), get(5, 6, 'b'), get(7, 8, 'b')]],
    ['two puts at once, either last', [put(0, 5, 'a'), put(1, 4, 'b'), get(6, 7, 'a')]],
    ['a put that ends late but took effect early', [put(0, 10, 'a'), get(1, 2, 'a'), invalidate(3, 4, true), get(5, 6, undefined)]],
    ['an eviction explains a miss', [put(0, 1, 'a'), evict(2, 6), get(3, 4, 'a'), get(4.5, 5, undefined)]],
  ])('%s', ([, history]) => {
    expect(findUnlinearizable(history)).toBeUndefined();
  });
});

describe('histories that cannot', () => {
  test.for<[string, KeyOperation[]]>([
    ['a lost put', [put(0, 1, 'a'), get(2, 3, undefined)]],
    ['a stale get', [put(0, 1, 'a'), put(2, 3, 'b'), get(4, 5, 'a')]],
    ['a get that goes back', [put(0, 1, 'a'), put(2, 9, 'b'), get(3, 4, 'b'), get(5, 6, 'a')]],
    ['a value from nowhere', [get(0, 1, 'a')]],
    ['an entry that comes back after it was removed', [put(0, 1, 'a'), invalidate(2, 3, true), get(4, 5, 'a')]],
    ['two who both removed one entry', [put(0, 1, 'a'), invalidate(2, 5, true), invalidate(3, 4, true)]],
    ['an invalidation that found nothing where something was', [put(0, 1, 'a'), invalidate(2, 3, false)]],
    ['an eviction of what was not there', [evict(0, 1)]],
    ['a get that sees what is put only later', [get(0, 1, 'a'), put(2, 3, 'a')]],
  ])('%s', ([, history]) => {
    expect(findUnlinearizable(history)).toBeDefined();
  });
});

import { assert, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { formatByteSize, parseByteSize } from '../../src/config/byte-size.ts';

test.each([
  ['0', 0],
  ['1048576', 1_048_576],
  ['512MiB', 536_870_912],
  ['2 GB', 2_000_000_000],
  ['1.5k', 1536],
  [' 3 b ', 3],
])('%j is %d bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(['', 'MiB', '-1', '1e9', '1 XiB', '9999999TiB', '0x10', '1..2'])('%j is no size', (text) => {
  expect(parseByteSize(text)).toBeUndefined();
});

test('what is shown is a size again, within its rounding', () => {
  assert(
    property(nat({ max: 2 ** 50 }), (bytes) => {
      const again = parseByteSize(formatByteSize(bytes));
      expect(again).toBeDefined();
      expect(Math.abs((again ?? 0) - bytes)).toBeLessThanOrEqual(Math.max(1, bytes * 0.06));
    }),
  );
});

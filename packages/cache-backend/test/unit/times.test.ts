import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { microseconds, secondsOf } from '../../src/io/tree/attributes.ts';

test('a time that is set is read as the same microsecond, on every version of Node, and the same millisecond before 1970', () => {
  const directory = mkdtempSync(join(tmpdir(), 'p2p-times-'));
  try {
    const path = join(directory, 'file');
    writeFileSync(path, '');
    const setAndRead = (us: number): number => {
      utimesSync(path, secondsOf(us), secondsOf(us));
      return microseconds(statSync(path).mtimeMs);
    };
    for (let step = 0; step < 2000; step++) {
      const us = 1_700_000_000_000_000 + step * 104_729_000_003;
      expect(setAndRead(us)).toBe(us);
    }
    for (const us of [0, -1000, -5_500_000, -1_000_000_250_000]) expect(setAndRead(us)).toBe(us);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

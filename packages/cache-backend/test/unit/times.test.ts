import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { microseconds, secondsOf } from '../../src/io/tree/attributes.ts';
import { withDirectory } from '../temporary-directory.ts';

test('a time in microseconds is the same after it was set and read, on every Node', async () => {
  await withDirectory(async (dir) => {
    const file = join(dir, 'file');
    fs.writeFileSync(file, '');
    let state = 7;
    for (let round = 0; round < 5_000; round++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      const wanted = 1_795_656_686_000_000 + state;
      fs.lutimesSync(file, secondsOf(wanted), secondsOf(wanted));
      expect(microseconds(fs.lstatSync(file).mtimeMs)).toBe(wanted);
    }
  });
});

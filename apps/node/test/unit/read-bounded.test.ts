import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBounded } from '../../src/cli/read-bounded.ts';
import { temporaryHome } from '../integration/dave-process.ts';

test.skipIf(process.platform === 'win32')('a read of a pipe that nobody writes to can be given up, and leaves nobody who waits', async () => {
  await using home = await temporaryHome();
  const pipe = join(home.path, 'pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const interruption = new AbortController();
  const reading = readBounded(pipe, 100, interruption.signal);
  const reason = new Error('interrupted');
  interruption.abort(reason);
  await expect(reading).rejects.toBe(reason);
  // Without a reader, opening for writing without waiting fails.
  const handle = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK).catch((error: unknown) => error);
  expect(handle).toMatchObject({ code: 'ENXIO' });
});

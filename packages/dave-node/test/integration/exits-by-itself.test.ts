import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const FLAVOUR = process.env['P2P_FLAVOUR'] === 'traced' ? 'traced/' : '';
const SOURCE: string = new URL('../../src/io/', import.meta.url).href;
const BUILT: string = new URL(`../../dist/${FLAVOUR}io/`, import.meta.url).href;

/** Runs a module in a process of its own, which must end without being told to. */
async function evaluate(code: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: new URL('../..', import.meta.url).pathname,
    timeout: 20_000,
  });
  return stdout.trim();
}

function useThreads(poolUrl: string): string {
  return `
    import { createDat, generateKeyPair } from '@p2p/dave-wire';
    import { VerifyPool } from '${poolUrl}';
    const dat = await createDat({ privateKey: generateKeyPair().privateKey, key: 'k', value: new Uint8Array(9) });
    const pool = new VerifyPool({ now: () => Date.now(), minWork: 8, skewMs: 0, threads: 2 });
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => pool.verify(dat)));
    console.log(verdicts.filter((verdict) => verdict.valid).length, pool.pending);`;
}

test('idle threads do not keep a process alive, busy ones do until they have answered', async () => {
  expect(await evaluate(useThreads(`${SOURCE}verify-pool.ts`))).toBe('100 0');
});

test('the built package finds its thread beside it', async () => {
  expect(await evaluate(useThreads(`${BUILT}verify-pool.js`))).toBe('100 0');
});

test('the timers of the system clock do not keep a process alive', async () => {
  expect(
    await evaluate(`
      import { systemClock } from '${SOURCE}system-clock.ts';
      systemClock.setTimer(60_000, () => console.log('late'));
      systemClock.setTimer(2 ** 40, () => console.log('never'));
      console.log('done');`),
  ).toBe('done');
});

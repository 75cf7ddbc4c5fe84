import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const FLAVOUR = process.env['P2P_FLAVOUR'] === 'traced' ? 'traced/' : '';
const SOURCE: string = new URL('../../src/io/', import.meta.url).href;
const BUILT: string = new URL(`../../dist/${FLAVOUR}index.js`, import.meta.url).href;

/** Runs a module in a process of its own, which must end without being told to. */
async function evaluate(code: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: new URL('../..', import.meta.url).pathname,
    timeout: 50_000,
  });
  return stdout.trim();
}

test('idle threads do not keep a process alive, busy ones do until they have answered', async () => {
  expect(
    await evaluate(`
      import { createDat, generateKeyPair } from '@p2p/dave-wire';
      import { VerifyPool } from '${SOURCE}verify-pool.ts';
      const dat = await createDat({ privateKey: generateKeyPair().privateKey, key: 'k', value: new Uint8Array(9) });
      const pool = new VerifyPool({ now: () => Date.now(), minWork: 8, skewMs: 0, threads: 2 });
      const verdicts = await Promise.all(Array.from({ length: 100 }, () => pool.verify(dat)));
      console.log(verdicts.filter((verdict) => verdict.valid).length, pool.pending);`),
  ).toBe('100 0');
});

test('the built package finds its thread: a thread that cannot be started would be reported', async () => {
  expect(
    await evaluate(`
      import { createDat, generateKeyPair } from '@p2p/dave-wire';
      import { DaveNode } from '${BUILT}';
      const { privateKey } = generateKeyPair();
      const dats = await Promise.all(Array.from({ length: 100 }, (_, n) => createDat({ privateKey, key: String(n), value: new Uint8Array(9) })));
      const node = await DaveNode.open({ listen: '127.0.0.1:0', privateKey, edges: [], verifyThreads: 2 });
      node.on('error', ({ error }) => console.log(error.message));
      const results = await Promise.all(dats.map((dat) => node.putDat(dat)));
      console.log(results.length);
      await node.close();`),
  ).toBe('100');
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

test('a node that is closed writes what waits for its record store, which may fail at first, before the process ends', async () => {
  expect(
    await evaluate(`
      import { generateKeyPair } from '@p2p/dave-wire';
      import { DaveNode } from '${BUILT}';
      let failures = 2;
      let written = 0;
      const records = {
        capabilities: { durable: 'power-loss', atomic: false, shared: false },
        async get() {},
        async putMany(batch) {
          if (failures-- > 0) throw new Error('busy');
          written += batch.length;
          return batch.map(() => ({ outcome: 'inserted' }));
        },
        async remove() { return true; },
        async *records() {},
      };
      const node = await DaveNode.open({ listen: '127.0.0.1:0', privateKey: generateKeyPair().privateKey, records, verifyThreads: 0 });
      const puts = [1, 2, 3].map((n) => node.put('key ' + n, new Uint8Array(3)));
      await Promise.allSettled([puts[0]]);
      await Promise.allSettled(puts.slice(1));
      await node.close();
      console.log('closed', written);`),
  ).toBe('closed 3');
});

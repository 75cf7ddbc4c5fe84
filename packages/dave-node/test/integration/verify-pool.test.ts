import { copyDat, type Verdict } from '@p2p/dave-wire';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { InlineVerifier } from '../../src/io/inline-verifier.ts';
import { VerifyPool, type VerifyPoolOptions } from '../../src/io/verify-pool.ts';
import { RING_SLOTS } from '../../src/io/verify-ring.ts';
import { rules, samples, validDat } from './verdict-samples.ts';

const open: VerifyPool[] = [];
const ROOT = new URL('../../src/io/verify-worker.ts', import.meta.url);
const DYING = new URL('./dying-verify-worker.ts', import.meta.url);

function pool(options: Partial<VerifyPoolOptions> = {}): VerifyPool {
  const made = new VerifyPool({ ...rules, threads: 2, ...options });
  open.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((verifier) => verifier.close()));
});

describe('verdicts', () => {
  test('are those of inline verification, for every reason', async () => {
    const cases = await samples();
    const dats = Array.from({ length: 20 }, () => cases).flat();
    const threaded = pool();
    const verdicts = await Promise.all(dats.map(({ dat }) => threaded.verify(dat)));
    expect(verdicts).toEqual(dats.map(({ verdict }) => verdict));
    const inline = new InlineVerifier(rules);
    expect(await Promise.all(cases.map(({ dat }) => inline.verify(dat)))).toEqual(cases.map(({ verdict }) => verdict));
    expect(threaded.pending).toBe(0);
  });

  test('follow the rules that were given', async () => {
    const dat = await validDat(1);
    const ahead = { ...dat, time: rules.now() + 500 };
    const strict = pool({ minWork: 60 });
    const lenient = pool({ skewMs: 1000 });
    const eight = (verifier: VerifyPool): Promise<Verdict[]> => Promise.all(Array.from({ length: 8 }, () => verifier.verify(ahead)));
    expect(await eight(pool())).toEqual(Array.from({ length: 8 }, () => ({ valid: false, reason: 'future' })));
    // Its signature is over the other time: the clock no longer objects, the signature does.
    expect(await eight(lenient)).toEqual(Array.from({ length: 8 }, () => ({ valid: false, reason: 'signature' })));
    expect(await Promise.all(Array.from({ length: 8 }, () => strict.verify(dat)))).toEqual(Array.from({ length: 8 }, () => ({ valid: false, reason: 'work-too-low' })));
  });

  test('are those of the bytes at the call, also of what waits outside the rings', async () => {
    const count = 2 * RING_SLOTS + 500;
    const threaded = pool();
    const good = await validDat(1);
    const answers: Promise<Verdict>[] = [];
    for (let index = 0; index < count; index++) {
      const dat = copyDat(good);
      if (index % 3 === 0) dat.work.fill(255);
      answers.push(threaded.verify(dat));
      for (const bytes of [dat.salt, dat.work, dat.signature, dat.publicKey, dat.value]) bytes.fill(0xdb);
    }
    expect(threaded.pending).toBeGreaterThan(2 * RING_SLOTS);
    const verdicts = await Promise.all(answers);
    expect(verdicts.every((verdict, index) => verdict.valid === (index % 3 !== 0))).toBe(true);
  });
});

describe('threads that sleep', () => {
  test('are woken by the next dat', async () => {
    const threaded = pool();
    const dat = await validDat(1);
    for (let round = 0; round < 5; round++) {
      const verdicts = await Promise.all(Array.from({ length: 40 }, () => threaded.verify(dat)));
      expect(verdicts.every(({ valid }) => valid)).toBe(true);
      // Long enough for both to run out of work and fall asleep.
      for (let turn = 0; turn < 2000; turn++) await new Promise(setImmediate);
    }
  });
});

describe('threads that die', () => {
  test('are replaced, and no dat is lost or judged wrong', async () => {
    const cases = (await samples()).filter(({ verdict }) => verdict.valid || verdict.reason !== 'malformed');
    const dats = Array.from({ length: 20 }, () => cases).flat();
    let spawned = 0;
    const threaded = pool({
      threads: 1,
      spawn: (workerData) => new Worker((spawned += 1) <= 4 ? DYING : ROOT, { workerData, execArgv: [] }),
    });
    const verdicts = await Promise.all(dats.map(({ dat }) => threaded.verify(dat)));
    expect(verdicts).toEqual(dats.map(({ verdict }) => verdict));
    expect(spawned).toBe(5);
  });

  test.each([
    ['die before they did anything', (): Worker => new Worker('process.exit(1)', { eval: true, execArgv: [] })],
    ['throw at start', (): Worker => new Worker('throw new Error("at start")', { eval: true, execArgv: [] })],
    [
      'cannot be started',
      (): Worker => {
        throw new Error('no threads here');
      },
    ],
  ])('and %s are given up for the event loop', async (_, spawn) => {
    const errors: Error[] = [];
    const threaded = pool({ spawn, onError: (error) => errors.push(error) });
    const cases = await samples();
    const dats = Array.from({ length: 5 }, () => cases).flat();
    const verdicts = await Promise.all(dats.map(({ dat }) => threaded.verify(dat)));
    expect(verdicts).toEqual(dats.map(({ verdict }) => verdict));
    expect(errors.length).toBe(2);
    expect(await threaded.verify(cases[0]!.dat)).toEqual({ valid: true });
  });
});

describe('close', () => {
  test('settles what waits, and refuses what comes later', async () => {
    const threaded = pool();
    const dat = await validDat(1);
    const waiting = Array.from({ length: 2 * RING_SLOTS + 100 }, () => threaded.verify(dat));
    const settled = Promise.allSettled(waiting);
    await threaded.close();
    const outcomes = await settled;
    expect(threaded.pending).toBe(0);
    const rejected = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(rejected.length).toBeGreaterThan(RING_SLOTS);
    expect(rejected.every(({ reason }) => (reason as { code: string }).code === 'NODE_CLOSED')).toBe(true);
    await expect(threaded.verify(dat)).rejects.toMatchObject({ code: 'NODE_CLOSED' });
    await threaded.close();
  });

  test('stays awaited when a thread still announces verdicts: nothing else may keep the process alive', async () => {
    const workers: Worker[] = [];
    const threaded = pool({
      threads: 1,
      spawn: (workerData) => {
        const worker = new Worker(ROOT, { workerData, execArgv: [] });
        workers.push(worker);
        return worker;
      },
    });
    const dat = await validDat(1);
    await Promise.all(Array.from({ length: 50 }, () => threaded.verify(dat)));
    const unref = vi.spyOn(workers[0]!, 'unref');
    const closed = threaded.close();
    workers[0]!.emit('message', null);
    expect(unref).not.toHaveBeenCalled();
    await closed;
  });
});

import { copyDat } from '@p2p/dave-wire';
import { describe, expect, test } from 'vitest';
import { InlineAllowance } from '../../src/io/inline-allowance.ts';
import { InlineVerifier } from '../../src/io/inline-verifier.ts';
import { openVerifier } from '../../src/io/open-verifier.ts';
import { systemClock } from '../../src/io/system-clock.ts';
import { VerifyPool } from '../../src/io/verify-pool.ts';
import { rules, samples, validDat } from '../integration/verdict-samples.ts';

describe('InlineVerifier', () => {
  test('lets other work run between its slices', async () => {
    const verifier = new InlineVerifier({ ...rules, sliceMs: 0 });
    const dat = await validDat(1);
    let turns = 0;
    let counting: NodeJS.Immediate;
    const turn = (): void => {
      turns += 1;
      counting = setImmediate(turn);
    };
    counting = setImmediate(turn);
    await Promise.all(Array.from({ length: 10 }, () => verifier.verify(dat)));
    clearImmediate(counting);
    expect(turns).toBeGreaterThanOrEqual(9);
    expect(verifier.pending).toBe(0);
  });

  test('takes the bytes at the call and judges as verifyDat does', async () => {
    const verifier = new InlineVerifier(rules);
    for (const { dat, verdict } of await samples()) {
      const lent = copyDat(dat);
      const answer = verifier.verify(lent);
      lent.work.fill(1);
      lent.signature.fill(1);
      expect(await answer).toEqual(verdict);
    }
  });

  test('answers inside the call when it may take all the time it wants', async () => {
    const verifier = new InlineVerifier({ ...rules, sliceMs: Number.POSITIVE_INFINITY });
    let answered = false;
    void verifier.verify(await validDat(1)).then((verdict) => (answered = verdict.valid));
    expect(verifier.pending).toBe(0);
    await Promise.resolve();
    expect(answered).toBe(true);
  });

  test('rejects what waits when it is closed', async () => {
    const verifier = new InlineVerifier(rules);
    const waiting = expect(verifier.verify(await validDat(1))).rejects.toMatchObject({ code: 'NODE_CLOSED' });
    expect(verifier.pending).toBe(1);
    await verifier.close();
    await waiting;
    expect(verifier.pending).toBe(0);
    await expect(verifier.verify(await validDat(1))).rejects.toMatchObject({ code: 'NODE_CLOSED' });
  });
});

describe('openVerifier', () => {
  test('uses threads unless told not to', async () => {
    const options = { clock: systemClock, minWork: 8, skewMs: 0 };
    const [none, some] = [openVerifier({ ...options, threads: 0 }), openVerifier(options)];
    expect(none).toBeInstanceOf(InlineVerifier);
    expect(some).toBeInstanceOf(VerifyPool);
    await Promise.all([none.close(), some.close()]);
  });
});

describe('InlineAllowance', () => {
  function spend(costMs: number, gapMs: number, times: number): number {
    let now = 0;
    const allowance = new InlineAllowance(() => now);
    let granted = 0;
    for (let call = 0; call < times; call++) {
      now += gapMs;
      if (!allowance.granted()) continue;
      granted += 1;
      now += costMs;
      allowance.spent();
    }
    return granted;
  }

  test('grants all of a slow sequence and a few of a burst', () => {
    expect(spend(0.06, 0.1, 1000)).toBe(1000);
    expect(spend(0.06, 0, 1000)).toBeLessThan(10);
  });

  test('takes at most half the time', () => {
    const granted = spend(0.06, 0.01, 10_000);
    expect(granted * 0.06).toBeLessThan(0.55 * (granted * 0.06 + 10_000 * 0.01));
  });

  test('gives up on a slow backend', () => {
    expect(spend(1.2, 1000, 100)).toBe(8);
  });
});

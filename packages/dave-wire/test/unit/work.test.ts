import { afterEach, describe, expect, it, vi } from 'vitest';
import { blake3 } from '../../src/hash.ts';
import { setWorkHost, workHost, type WorkThread } from '../../src/work-host.ts';
import { searchLease, type Lease } from '../../src/work-search.ts';
import { checkWork, computeWork, leadingZeroBits, solveWork } from '../../src/work.ts';

const signature = Uint8Array.from({ length: 64 }, (_, index) => index + 1);
const detached = workHost();

afterEach(() => setWorkHost(detached));

/** A host whose threads search at once, and that counts what it is asked for. */
function countingHost(parallelism: number): { asked: number[]; leases: Lease[] } {
  const asked: number[] = [];
  const leases: Lease[] = [];
  const thread: WorkThread = {
    queueDepth: 1,
    leaseMs: 1,
    run: async (lease) => {
      leases.push(lease);
      return { found: searchLease(lease), elapsedMs: 1 };
    },
  };
  const threads = (count: number): readonly WorkThread[] => {
    asked.push(count);
    return Array.from({ length: count }, () => ({ ...thread }));
  };
  setWorkHost({ parallelism, local: thread, threads });
  return { asked, leases };
}

describe('computeWork and checkWork', () => {
  it('is BLAKE3 of the salt and the digest of the signature', () => {
    const salt = new Uint8Array(16).fill(3);
    expect(computeWork(signature, salt)).toEqual(blake3(salt, blake3(signature)));
    expect(checkWork(signature, salt, computeWork(signature, salt))).toBe(true);
  });

  it('refuses other lengths', () => {
    const [salt, work] = [new Uint8Array(16), computeWork(signature, new Uint8Array(16))];
    expect(() => computeWork(signature.subarray(1), salt)).toThrow(TypeError);
    expect(() => computeWork(signature, salt.subarray(1))).toThrow(TypeError);
    expect(checkWork(signature, salt, work)).toBe(true);
    expect(checkWork(signature.subarray(1), salt, work)).toBe(false);
    expect(checkWork(signature, new Uint8Array(17), work)).toBe(false);
    expect(checkWork(signature, salt, work.subarray(0, 31))).toBe(false);
    expect(checkWork(signature, salt, new Uint8Array([...work, 0]))).toBe(false);
  });
});

describe('leadingZeroBits', () => {
  it('counts from byte 0, most significant bit first', () => {
    expect(leadingZeroBits(Uint8Array.of(0x80))).toBe(0);
    expect(leadingZeroBits(Uint8Array.of(0x01, 0xff))).toBe(7);
    expect(leadingZeroBits(Uint8Array.of(0x00, 0x40))).toBe(9);
    expect(leadingZeroBits(new Uint8Array(32))).toBe(256);
    expect(leadingZeroBits(new Uint8Array(0))).toBe(0);
  });
});

describe('solveWork', () => {
  it.each([-1, 0.5, 257, Number.NaN, Number.POSITIVE_INFINITY, '8', undefined])('refuses the difficulty %s', async (difficulty) => {
    await expect(solveWork(signature, difficulty as number)).rejects.toThrow(TypeError);
  });

  it.each([0, -1, 1.5, 257, Number.NaN])('refuses %s threads', async (threads) => {
    await expect(solveWork(signature, 8, { threads })).rejects.toThrow(TypeError);
  });

  it('refuses a signature that is not 64 bytes', async () => {
    await expect(solveWork(signature.subarray(1), 8)).rejects.toThrow(TypeError);
  });

  it.each([0, 8, 11, 12, 15])('finds the smallest salt at %d bits, on one thread and on three', async (difficulty) => {
    countingHost(3);
    const single = await solveWork(signature, difficulty);
    expect(leadingZeroBits(single.work)).toBeGreaterThanOrEqual(difficulty);
    expect(checkWork(signature, single.salt, single.work)).toBe(true);
    expect(await solveWork(signature, difficulty, { threads: 3 })).toEqual(single);
    const number = new DataView(single.salt.buffer).getBigUint64(8, true);
    for (let before = 0n; before < number; before++) {
      const salt = new Uint8Array(16);
      new DataView(salt.buffer).setBigUint64(8, before, true);
      if (leadingZeroBits(computeWork(signature, salt)) >= difficulty) expect.unreachable(`salt ${before} comes first`);
    }
  });

  it('never asks for a thread under 12 bits, whatever it is told', async () => {
    const { asked, leases } = countingHost(8);
    for (let difficulty = 0; difficulty < 12; difficulty++) await solveWork(signature, difficulty, { threads: 8 });
    expect(asked).toEqual([]);
    expect(leases).toEqual([]);
  });

  it('stays on the calling thread from 12 to 19 bits unless told otherwise, and uses all cores above', async () => {
    const { asked } = countingHost(5);
    await solveWork(signature, 12);
    await solveWork(signature, 19);
    expect(asked).toEqual([]);
    await solveWork(signature, 20);
    await solveWork(signature, 12, { threads: 2 });
    await solveWork(signature, 20, { threads: 1 });
    expect(asked).toEqual([5, 2]);
  });

  it.each([8, 16])('does not begin when it is already aborted, at %d bits', async (difficulty) => {
    const { leases } = countingHost(1);
    const reason = new Error('not wanted any more');
    await expect(solveWork(signature, difficulty, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(leases).toEqual([]);
  });

  it('works without an entry point that chose a host', async () => {
    const { salt, work } = await solveWork(signature, 14, { threads: 4 });
    expect(checkWork(signature, salt, work)).toBe(true);
  });

  it('reports progress at most once in 2^21 candidates', async () => {
    countingHost(1);
    const seen: number[] = [];
    const salts = await solveWork(new Uint8Array(64).fill(7), 22, { threads: 1, onProgress: ({ hashes }) => seen.push(hashes) });
    const number = Number(new DataView(salts.salt.buffer).getBigUint64(8, true));
    expect(seen.length).toBe(Math.floor(number / 2 ** 21));
    seen.reduce((before, now) => {
      expect(now - before).toBeGreaterThanOrEqual(2 ** 21);
      return now;
    }, 0);
  });

  it('rejects with what onProgress throws, and searches no further', async () => {
    const { leases } = countingHost(1);
    const failure = new Error('display gone');
    const onProgress = vi.fn(() => {
      throw failure;
    });
    await expect(solveWork(signature, 60, { threads: 2, onProgress })).rejects.toBe(failure);
    const searched = leases.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(leases.length).toBeLessThanOrEqual(searched + 1);
    expect(onProgress).toHaveBeenCalledTimes(1);
  });
});

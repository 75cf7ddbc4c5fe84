import { describe, expect, it } from 'vitest';
import { coordinateSearch, type CoordinatedSearch } from '../../src/work-coordinator.ts';
import type { LeaseResult, WorkThread } from '../../src/work-host.ts';
import type { Lease } from '../../src/work-search.ts';

interface Running {
  readonly lease: Lease;
  readonly settle: (result: LeaseResult) => void;
  readonly fail: (cause: unknown) => void;
}

/** A thread whose leases the test answers by hand. */
class ManualThread implements WorkThread {
  readonly queueDepth: number;
  readonly leaseMs: number = 8;
  readonly running: Running[] = [];

  constructor(queueDepth: number = 1) {
    this.queueDepth = queueDepth;
  }

  readonly run = (lease: Lease): Promise<LeaseResult> => {
    const { promise, resolve, reject } = Promise.withResolvers<LeaseResult>();
    this.running.push({ lease, settle: resolve, fail: reject });
    return promise;
  };

  next(): Running {
    const first = this.running.shift();
    if (first === undefined) throw new Error('The thread has no lease.');
    return first;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const MISS: LeaseResult = { found: -1, elapsedMs: 8 };

function begin(threads: readonly ManualThread[], extra: Partial<CoordinatedSearch> = {}): { result: Promise<bigint>; fallback: ManualThread } {
  const fallback = new ManualThread();
  const result = coordinateSearch({ digest: new Uint8Array(32), difficulty: 20, start: 0n, threads, fallback, signal: undefined, onProgress: undefined, ...extra });
  result.catch(() => undefined);
  return { result, fallback };
}

describe('coordinateSearch', () => {
  it('leases every number once, in order, without gaps', async () => {
    const [a, b] = [new ManualThread(2), new ManualThread(2)];
    const { result } = begin([a, b]);
    let expected = 0n;
    const leases: Lease[] = [];
    for (let turn = 0; turn < 20; turn++) {
      const thread = turn % 3 === 0 ? b : a;
      const { lease, settle } = thread.next();
      leases.push(lease);
      settle(MISS);
      await settled();
    }
    leases.push(...a.running.map(({ lease }) => lease), ...b.running.map(({ lease }) => lease));
    leases.sort((x, y) => Number(x.start - y.start));
    for (const lease of leases) {
      expect(lease.start).toBe(expected);
      expected += BigInt(lease.count);
    }
    for (const { settle } of [...a.running.splice(0), ...b.running.splice(0)]) settle({ found: 0, elapsedMs: 8 });
    await expect(result).resolves.toBeGreaterThan(0n);
  });

  it('waits for earlier leases and prefers their finds, whoever answers first', async () => {
    const [a, b] = [new ManualThread(), new ManualThread()];
    const { result } = begin([a, b]);
    const [first, second] = [a.next(), b.next()];
    second.settle({ found: 5, elapsedMs: 8 });
    await settled();
    expect(b.running).toEqual([]);
    first.settle({ found: 77, elapsedMs: 8 });
    await expect(result).resolves.toBe(77n);
  });

  it('takes the later find if the earlier lease has none', async () => {
    const [a, b] = [new ManualThread(), new ManualThread()];
    const { result } = begin([a, b]);
    const [first, second] = [a.next(), b.next()];
    second.settle({ found: 5, elapsedMs: 8 });
    first.settle(MISS);
    await expect(result).resolves.toBe(second.lease.start + 5n);
    expect(a.running).toEqual([]);
  });

  it('gives the lease of a lost thread to another', async () => {
    const [a, b] = [new ManualThread(), new ManualThread()];
    const { result, fallback } = begin([a, b]);
    const lost = a.next();
    lost.fail(new Error('worker died'));
    await settled();
    b.next().settle(MISS);
    await settled();
    expect(b.running[0]!.lease).toBe(lost.lease);
    b.next().settle({ found: 3, elapsedMs: 8 });
    await expect(result).resolves.toBe(3n);
    expect(fallback.running).toEqual([]);
  });

  it('searches a lost lease even when a later one has had a find', async () => {
    const [a, b] = [new ManualThread(), new ManualThread()];
    const { result, fallback } = begin([a, b]);
    b.next().settle({ found: 5, elapsedMs: 8 });
    await settled();
    const lost = a.next();
    lost.fail(new Error('worker died'));
    await settled();
    expect(fallback.running[0]!.lease).toBe(lost.lease);
    fallback.next().settle({ found: 1, elapsedMs: 8 });
    await expect(result).resolves.toBe(1n);
  });

  it('goes on with the fallback when all threads are lost, and fails with it', async () => {
    const [a, b] = [new ManualThread(2), new ManualThread(2)];
    const { result, fallback } = begin([a, b]);
    for (const { fail } of [...a.running.splice(0), ...b.running.splice(0)]) fail(new Error('worker died'));
    await settled();
    for (let lease = 0; lease < 6; lease++) {
      fallback.next().settle(MISS);
      await settled();
    }
    const failure = new Error('no WebAssembly');
    fallback.next().fail(failure);
    await expect(result).rejects.toBe(failure);
  });

  it('sizes leases so that they take their time, by what each thread reports', async () => {
    const [fast, slow] = [new ManualThread(), new ManualThread()];
    const { result } = begin([fast, slow]);
    for (let turn = 0; turn < 12; turn++) {
      for (const [thread, perMs] of [[fast, 40_000], [slow, 1000]] as const) {
        const { lease, settle } = thread.next();
        settle({ found: -1, elapsedMs: lease.count / perMs });
      }
      await settled();
    }
    expect(fast.running[0]!.lease.count / 40_000).toBeCloseTo(8, 0);
    expect(slow.running[0]!.lease.count / 1000).toBeGreaterThan(4);
    expect(slow.running[0]!.lease.count / 1000).toBeLessThanOrEqual(8);
    fast.next().settle({ found: 0, elapsedMs: 1 });
    slow.next().settle({ found: 0, elapsedMs: 1 });
    await result;
  });

  it('rejects with the reason at once when aborted, and hands out nothing more', async () => {
    const controller = new AbortController();
    const thread = new ManualThread(2);
    const { result, fallback } = begin([thread], { signal: controller.signal });
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(result).rejects.toBe(reason);
    for (const { settle } of thread.running.splice(0)) settle(MISS);
    await settled();
    expect(thread.running).toEqual([]);
    expect(fallback.running).toEqual([]);
  });

  it('does not reject for an abort after the end', async () => {
    const controller = new AbortController();
    const thread = new ManualThread();
    const { result } = begin([thread], { signal: controller.signal });
    thread.next().settle({ found: 9, elapsedMs: 1 });
    await expect(result).resolves.toBe(9n);
    controller.abort();
    await expect(result).resolves.toBe(9n);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerRequest, createWorkPool, type WorkReply, type WorkRequest } from '../../src/io/work-pool.ts';
import type { Lease } from '../../src/work-search.ts';

const lease: Lease = { digest: new Uint8Array(32), difficulty: 4, start: 0n, count: 4096 };

class FakeWorker {
  readonly requests: WorkRequest[] = [];
  held = true;
  closed = false;
  readonly onReply: (reply: WorkReply) => void;
  readonly onLost: (cause: unknown) => void;

  constructor(onReply: (reply: WorkReply) => void, onLost: (cause: unknown) => void) {
    this.onReply = onReply;
    this.onLost = onLost;
  }

  post(request: WorkRequest): void {
    this.requests.push(request);
  }

  setHeld(held: boolean): void {
    this.held = held;
  }

  close(): void {
    this.closed = true;
  }

  answer(): void {
    const request = this.requests.shift();
    if (request === undefined) throw new Error('The worker has no request.');
    this.onReply(answerRequest(request));
  }
}

function fakePool(): { pool: ReturnType<typeof createWorkPool>; workers: FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const pool = createWorkPool((onReply, onLost) => {
    const worker = new FakeWorker(onReply, onLost);
    workers.push(worker);
    return worker;
  });
  return { pool, workers };
}

describe('createWorkPool', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('starts a worker with its first lease, and reuses it', async () => {
    const { pool, workers } = fakePool();
    const [thread] = pool(2);
    expect(workers).toEqual([]);
    const first = thread!.run(lease);
    workers[0]!.answer();
    await expect(first).resolves.toMatchObject({ found: answerRequest({ id: 0, lease }).found });
    expect(pool(1)[0]).toBe(thread);
    const second = thread!.run(lease);
    workers[0]!.answer();
    await second;
    expect(workers.length).toBe(1);
  });

  it('keeps the process alive exactly while a lease is out', async () => {
    const { pool, workers } = fakePool();
    const [thread] = pool(1);
    const runs = [thread!.run(lease), thread!.run(lease)];
    expect(workers[0]!.held).toBe(true);
    workers[0]!.answer();
    expect(workers[0]!.held).toBe(true);
    workers[0]!.answer();
    expect(workers[0]!.held).toBe(false);
    await Promise.all(runs);
    void thread!.run(lease);
    expect(workers[0]!.held).toBe(true);
  });

  it('closes a worker after five idle seconds, and starts another when needed', async () => {
    const { pool, workers } = fakePool();
    const [thread] = pool(1);
    const first = thread!.run(lease);
    workers[0]!.answer();
    await first;
    vi.advanceTimersByTime(4999);
    expect(workers[0]!.closed).toBe(false);
    const second = thread!.run(lease);
    vi.advanceTimersByTime(60_000);
    expect(workers[0]!.closed).toBe(false);
    workers[0]!.answer();
    await second;
    vi.advanceTimersByTime(5000);
    expect(workers[0]!.closed).toBe(true);
    const third = thread!.run(lease);
    // The end of the closed one is reported late, and is nobody's loss.
    workers[0]!.onLost(new Error('exit'));
    workers[1]!.answer();
    await third;
    expect(pool(1)).toEqual([thread]);
  });

  it('rejects what a lost worker was searching, and starts another next time', async () => {
    const { pool, workers } = fakePool();
    const [thread] = pool(1);
    const first = thread!.run(lease);
    workers[0]!.answer();
    await first;
    const runs = [thread!.run(lease), thread!.run(lease)];
    const failure = new Error('out of memory');
    workers[0]!.onLost(failure);
    for (const run of runs) await expect(run).rejects.toBe(failure);
    expect(pool(1)).toEqual([thread]);
    const again = thread!.run(lease);
    workers[1]!.answer();
    await again;
  });

  it('offers no threads once one could not be started', async () => {
    const { pool, workers } = fakePool();
    const run = pool(1)[0]!.run(lease);
    workers[0]!.onLost(new Error('no such file'));
    await expect(run).rejects.toThrow('no such file');
    expect(pool(1)).toEqual([]);
  });

  it('offers no threads once starting one has thrown', async () => {
    const failure = new Error('forbidden by policy');
    const pool = createWorkPool(() => {
      throw failure;
    });
    await expect(pool(1)[0]!.run(lease)).rejects.toBe(failure);
    expect(pool(4)).toEqual([]);
  });
});

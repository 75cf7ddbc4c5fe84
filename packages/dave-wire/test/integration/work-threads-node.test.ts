import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeWorkHost } from '../../src/io/work-threads-node.ts';
import { setWorkHost, workHost } from '../../src/work-host.ts';
import { checkWork, leadingZeroBits, solveWork } from '../../src/work.ts';

const before = workHost();
beforeAll(() => setWorkHost(nodeWorkHost));
afterAll(() => setWorkHost(before));

const signature = (fill: number): Uint8Array => new Uint8Array(64).fill(fill);

describe('worker threads of Node', () => {
  it('find what one thread finds, several searches at a time', async () => {
    const fills = [1, 2, 3, 4];
    const threaded = await Promise.all(fills.map((fill) => solveWork(signature(fill), 19, { threads: 2 })));
    const single = await Promise.all(fills.map((fill) => solveWork(signature(fill), 19, { threads: 1 })));
    expect(threaded).toEqual(single);
    threaded.forEach(({ salt, work }, index) => {
      expect(checkWork(signature(fills[index]!), salt, work)).toBe(true);
      expect(leadingZeroBits(work)).toBeGreaterThanOrEqual(19);
    });
    expect(nodeWorkHost.threads(1)).toHaveLength(1);
  });

  it('are free within 50 ms of an abort', async () => {
    const threads = nodeWorkHost.threads(2);
    const tiny = { digest: new Uint8Array(32), difficulty: 0, start: 0n, count: 8 };
    const delays: number[] = [];
    // The best of five: a busy machine can delay any one of them, but not make the promise true.
    for (let attempt = 0; attempt < 5; attempt++) {
      const controller = new AbortController();
      let hashes = 0;
      const search = solveWork(signature(attempt), 100, {
        threads: 2,
        signal: controller.signal,
        onProgress: (progress) => {
          hashes = progress.hashes;
          if (hashes > 2 ** 23) controller.abort(new Error('enough'));
        },
      });
      await expect(search).rejects.toThrow('enough');
      const aborted = performance.now();
      // Workers take leases in order: these are answered when nothing of the search is left.
      await Promise.all(threads.map((thread) => thread.run(tiny)));
      delays.push(performance.now() - aborted);
      expect(hashes).toBeGreaterThan(2 ** 23);
    }
    expect(Math.min(...delays)).toBeLessThan(50);
  });

  it('do not keep the process alive once a search has ended', async () => {
    const program = fileURLToPath(new URL('programs/solve-and-end.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 50_000 });
    const { salt, lingeredMs } = JSON.parse(stdout) as { salt: string; lingeredMs: number };
    expect(salt).toBe(Buffer.from((await solveWork(signature(7), 18)).salt).toString('hex'));
    // Idle workers are closed after 5 s: without being released they would keep it that long.
    expect(lingeredMs).toBeLessThan(4000);
  });
});

describe('the calling thread of Node', () => {
  it('lets the event loop turn while it searches', async () => {
    const controller = new AbortController();
    let turns = 0;
    const turn = (): void => {
      turns++;
      if (turns === 5) controller.abort(new Error('the loop turns'));
      else setImmediate(turn);
    };
    setImmediate(turn);
    await expect(solveWork(signature(9), 100, { threads: 1, signal: controller.signal })).rejects.toThrow('the loop turns');
  });
});

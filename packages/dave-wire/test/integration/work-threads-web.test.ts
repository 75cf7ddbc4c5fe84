import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerRequest, type WorkRequest } from '../../src/io/work-pool.ts';
import { setWorkHost, workHost } from '../../src/work-host.ts';
import { solveWork } from '../../src/work.ts';

type Listener = (event: { data?: unknown; message?: string; preventDefault: () => void }) => void;

/** As much of a browser's Worker as the package uses; it answers, or fails to load. */
class StandInWorker {
  static readonly started: { url: URL; options: unknown }[] = [];
  static loads = true;
  readonly #listeners = new Map<string, Listener>();

  constructor(url: URL, options: unknown) {
    StandInWorker.started.push({ url, options });
    if (!StandInWorker.loads) queueMicrotask(() => this.#emit('error', {}));
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener);
  }

  postMessage(request: WorkRequest): void {
    if (StandInWorker.loads) queueMicrotask(() => this.#emit('message', { data: answerRequest(structuredClone(request)) }));
  }

  terminate(): void {
    this.#listeners.clear();
  }

  #emit(type: string, event: { data?: unknown }): void {
    this.#listeners.get(type)?.({ ...event, preventDefault: () => undefined });
  }
}

const before = workHost();
const signature = new Uint8Array(64).fill(5);

beforeEach(async () => {
  StandInWorker.started.length = 0;
  vi.stubGlobal('Worker', StandInWorker);
  vi.resetModules();
  const { webWorkHost } = await import('../../src/io/work-threads-web.ts');
  setWorkHost(webWorkHost);
});

afterEach(() => {
  StandInWorker.loads = true;
  vi.unstubAllGlobals();
  setWorkHost(before);
});

describe('Web Workers', () => {
  it('are module workers from a file beside the one that starts them', async () => {
    const single = await solveWork(signature, 16, { threads: 1 });
    expect(StandInWorker.started).toEqual([]);
    expect(await solveWork(signature, 16, { threads: 3 })).toEqual(single);
    expect(StandInWorker.started.length).toBe(3);
    for (const { url, options } of StandInWorker.started) {
      expect(url.href).toMatch(/^file:.*\/io\/work-worker-web\.js$/);
      expect(options).toMatchObject({ type: 'module' });
    }
  });

  it('are done without where their file cannot be loaded', async () => {
    StandInWorker.loads = false;
    const single = await solveWork(signature, 16, { threads: 1 });
    expect(await solveWork(signature, 16, { threads: 2 })).toEqual(single);
    const started = StandInWorker.started.length;
    expect(started).toBe(2);
    expect(await solveWork(signature, 16, { threads: 2 })).toEqual(single);
    expect(StandInWorker.started.length).toBe(started);
  });

  it('are done without where there are none', async () => {
    const single = await solveWork(signature, 16, { threads: 1 });
    vi.stubGlobal('Worker', undefined);
    expect(await solveWork(signature, 16, { threads: 2 })).toEqual(single);
  });

  it('leave the event loop its turns on the calling thread', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('the loop turns')));
    await expect(solveWork(signature, 100, { threads: 1, signal: controller.signal })).rejects.toThrow('the loop turns');
  });
});

import type { CacheBackend, CacheHit, PutOptions } from './types.ts';

/** Makes and removes the empty directories that builders fill. */
export interface Scratch {
  make(): Promise<string>;
  remove(dir: string): Promise<void>;
}

const running = new WeakMap<CacheBackend, Map<string, Promise<void>>>();

/**
 * The entry of a key, built first if there is none: by one builder in this process, and among all processes where the
 * backend can `lockBuild`. A builder that fails leaves no entry, and the next one in line tries.
 */
export async function getOrCreateWith(
  scratch: Scratch,
  backend: CacheBackend,
  key: string,
  build: (dir: string) => Promise<void>,
  description: string,
  options: PutOptions = {},
): Promise<CacheHit> {
  const { signal } = options;
  const jobs = running.get(backend) ?? new Map<string, Promise<void>>();
  running.set(backend, jobs);
  for (;;) {
    signal?.throwIfAborted();
    const hit = await backend.get(key, { signal });
    if (hit !== undefined) return hit;
    const job = jobs.get(key);
    if (job !== undefined) {
      await withSignal(job, signal);
      continue;
    }
    const own = createOnce(scratch, backend, key, build, description, options);
    const marker = own.then(
      () => undefined,
      () => undefined,
    );
    jobs.set(key, marker);
    try {
      return await own;
    } finally {
      jobs.delete(key);
    }
  }
}

async function createOnce(scratch: Scratch, backend: CacheBackend, key: string, build: (dir: string) => Promise<void>, description: string, options: PutOptions): Promise<CacheHit> {
  const lock = await backend.lockBuild?.(key, { signal: options.signal });
  try {
    // Another process may have built it while we waited.
    const hit = lock === undefined ? undefined : await backend.get(key, { signal: options.signal });
    if (hit !== undefined) return hit;
    const dir = await scratch.make();
    try {
      await build(dir);
      return await backend.put(key, dir, description, { ...options, move: true });
    } finally {
      await scratch.remove(dir);
    }
  } finally {
    await lock?.release();
  }
}

/** Waits for a job that never fails, or until the signal says stop. */
async function withSignal(job: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return job;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([job, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../cli/app-error.ts';

const LOOK_MS = 25;

/** Looks until the condition holds. */
export async function until(condition: () => boolean, options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
  const endMs = performance.now() + options.timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new AppError('APP_DEMO_FAILED', `not within ${options.timeoutMs / 1000} s`);
    await delay(LOOK_MS, undefined, { signal: options.signal });
  }
}

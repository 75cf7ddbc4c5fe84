import type { Clock, Timer } from '../env.ts';

/** Above this Node fires at once instead of late. */
const LONGEST_DELAY_MS = 0x7fff_ffff;

/** The machine's time. Its timers never keep the process alive; delays of any length work. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback): Timer {
    if (!Number.isFinite(delayMs)) throw new TypeError(`A timer needs a finite delay, got ${delayMs}.`);
    const dueMs = performance.now() + delayMs;
    let handle: NodeJS.Timeout;
    const arm = (remainingMs: number): void => {
      const last = remainingMs <= LONGEST_DELAY_MS;
      handle = setTimeout(last ? callback : (): void => arm(dueMs - performance.now()), last ? remainingMs : LONGEST_DELAY_MS);
      handle.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};

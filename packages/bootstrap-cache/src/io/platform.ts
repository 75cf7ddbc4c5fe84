import type { Clock, Random } from '../env.ts';

/** The machine's time; its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: (): void => clearTimeout(timer) };
  },
};

/** Chance for sampling; nothing here is a secret. */
export const systemRandom: Random = { float: () => Math.random() };

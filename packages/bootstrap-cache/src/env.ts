/** A running timer. */
export interface Timer {
  /** Stops the timer; without effect once it has fired. */
  cancel(): void;
}

/** The cache's only source of time. */
export interface Clock {
  /** Wall clock, Unix milliseconds. It may step in either direction. */
  now(): number;
  /** Calls `callback` once after `delayMs` (>= 0). Timers must not keep a process alive by themselves. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** The cache's only source of chance. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
}

/** A running timer. */
export interface Timer {
  /** Stops the timer; without effect once it has fired. */
  cancel(): void;
}

/** The node's only source of time. Everything in the core asks it, so a simulation can move time by hand. */
export interface Clock {
  /** Wall clock, Unix milliseconds. May step. Used for what travels: times of dats, expiry. */
  now(): number;
  /** Milliseconds since an arbitrary start, fractional, never going back; stands still while the machine sleeps. Used for peers, deadlines, rtt. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` (>= 0) of monotonic time. Timers never keep a process alive by themselves. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** The node's only source of randomness. */
export interface Random {
  /** `length` fresh random bytes; must be unpredictable in production (challenges, salts). */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter and sampling only. */
  float(): number;
}

/** Structured log lines: a message and plain fields. Fits pino with a small adapter. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Who this node is. */
export interface Identity {
  /** 64-bit peer id: the first eight bytes of the public key, little-endian. */
  readonly id: bigint;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 32-byte ed25519 seed or whatever `@p2p/dave-wire` takes as private key. */
  readonly privateKey: Uint8Array;
}

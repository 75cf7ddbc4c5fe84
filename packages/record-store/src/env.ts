/** The store's only source of time. */
export interface Clock {
  /** Wall clock, Unix milliseconds. */
  now(): number;
}

/** The store's only source of chance. */
export interface Random {
  /** A number in [0, 1). */
  float(): number;
}

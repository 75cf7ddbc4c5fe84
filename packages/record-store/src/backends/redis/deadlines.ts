interface Waiting {
  readonly at: number;
  readonly reject: (error: Error) => void;
}

/** One deadline after the start for every call, with one timer for all of them: a timer each would cost more than the call. */
export class Deadlines {
  readonly #timeoutMs: number;
  readonly #onTimeout: () => Error;
  /** In the order of their deadlines, for all have the same time. */
  readonly #waiting = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, onTimeout: () => Error) {
    this.#timeoutMs = timeoutMs;
    this.#onTimeout = onTimeout;
  }

  /** Settles as `work` does, or rejects at the deadline or with the signal's reason. */
  async race<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { promise: cut, reject } = Promise.withResolvers<never>();
    const waiting: Waiting = { at: performance.now() + this.#timeoutMs, reject };
    const abort = (): void => reject(signal!.reason);
    this.#waiting.add(waiting);
    signal?.addEventListener('abort', abort, { once: true });
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
    try {
      return await Promise.race([work, cut]);
    } finally {
      this.#waiting.delete(waiting);
      signal?.removeEventListener('abort', abort);
      if (this.#waiting.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const waiting of this.#waiting) {
      if (waiting.at > now) {
        this.#timer = setTimeout(() => this.#expire(), waiting.at - now);
        return;
      }
      this.#waiting.delete(waiting);
      waiting.reject(this.#onTimeout());
    }
  }
}

import type { Clock, Timer } from '../../env.ts';

/** Notices when nothing was sent on a connection for an interval. One timer, however much is sent. */
export class KeepAlive {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #onQuiet: () => void;
  #timer: Timer | undefined;
  #touched = false;
  #progressMs = 0;

  constructor(clock: Clock, intervalMs: number, onQuiet: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#onQuiet = onQuiet;
  }

  start(): void {
    this.progress();
    this.#touched = false;
    this.#timer ??= this.#arm();
  }

  /** Something was sent. */
  touch(): void {
    this.#touched = true;
  }

  /** The other side showed that it goes on. */
  progress(): void {
    this.#progressMs = this.#clock.monotonic();
  }

  get sinceProgressMs(): number {
    return this.#clock.monotonic() - this.#progressMs;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): Timer {
    // Half the interval: traffic right after a tick must not stretch the silence to two intervals.
    return this.#clock.setTimer(this.#intervalMs / 2, () => {
      this.#timer = this.#arm();
      if (this.#touched) this.#touched = false;
      else {
        this.#touched = true;
        this.#onQuiet();
      }
    });
  }
}

import { TimerHeap } from './timer-heap.ts';

export interface VirtualTimer {
  /** Stops the timer; without effect once it has fired. */
  cancel(): void;
}

export interface VirtualClockOptions {
  /** Unix ms at monotonic 0. Default 1 800 000 000 000 (January 2027). */
  startUnixMs?: number;
}

/** More timers than this at one instant is a timer that sets itself again with no delay. */
const MAX_TIMERS_PER_INSTANT = 1_000_000;

/**
 * Time that moves only when a test says so. Timers run in order of due time, equal ones in the order
 * they were set, and every promise chain that a timer starts comes to rest before the next one runs.
 */
export class VirtualClock {
  readonly #timers = new TimerHeap();
  readonly #held = new Set<Promise<unknown>>();
  #elapsedMs = 0;
  #wallAtZeroMs: number;
  #seq = 0;
  #running = false;

  constructor(options: VirtualClockOptions = {}) {
    this.#wallAtZeroMs = options.startUnixMs ?? 1_800_000_000_000;
  }

  /** Wall clock, Unix ms, whole. */
  now(): number {
    return Math.floor(this.#wallAtZeroMs + this.#elapsedMs);
  }

  /** Virtual ms since the clock was made. */
  monotonic(): number {
    return this.#elapsedMs;
  }

  /** Calls `callback` once when `delayMs` of virtual time have passed; negative delays count as 0. */
  setTimer(delayMs: number, callback: () => void): VirtualTimer {
    if (!Number.isFinite(delayMs)) throw new TypeError(`a timer needs a finite delay, got ${delayMs}`);
    const timer = { dueMs: this.#elapsedMs + Math.max(0, delayMs), seq: this.#seq++, callback: callback as (() => void) | undefined };
    this.#timers.push(timer);
    return {
      cancel: (): void => {
        timer.callback = undefined;
      },
    };
  }

  /** Moves the wall clock without moving monotonic time, as a correction by NTP does. */
  stepWallClock(byMs: number): void {
    this.#wallAtZeroMs += byMs;
  }

  /** Moves wall time on while monotonic time and timers stand still, as a sleeping machine does. */
  suspend(forMs: number): void {
    this.stepWallClock(forMs);
  }

  /** When the next timer is due, in monotonic ms; undefined when none is set. */
  get nextDueMs(): number | undefined {
    return this.#timers.peek()?.dueMs;
  }

  /**
   * Keeps virtual time from moving on until `work` has settled: for promises that real threads or
   * the operating system fulfil. Returns `work`.
   */
  hold<T>(work: Promise<T>): Promise<T> {
    this.#held.add(work);
    const release = (): void => {
      this.#held.delete(work);
    };
    work.then(release, release);
    return work;
  }

  /** Lets all promise chains that are ready come to rest, and waits for held work, without moving time. */
  async settle(): Promise<void> {
    // A macrotask runs after the whole microtask queue, however long the chains in it are.
    await macrotask();
    while (this.#held.size > 0) {
      await Promise.allSettled(this.#held);
      await macrotask();
    }
  }

  /**
   * Moves time on by `ms` and runs all timers that become due, also those set meanwhile.
   * Rejects with what a timer's callback throws; time then stands at that timer.
   */
  async advance(ms: number): Promise<void> {
    await this.#run(this.#elapsedMs + ms, undefined);
  }

  /**
   * Runs timers until `predicate` is true, for at most `limitMs` of virtual time. Asks at the start
   * and after each timer. False: the limit was reached first, time stands there.
   */
  async runUntil(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return await this.#run(this.#elapsedMs + limitMs, predicate);
  }

  /**
   * Runs timers until `promise` settles and returns or throws its outcome.
   * @throws Error when it is still pending after `limitMs` of virtual time.
   */
  async runUntilSettled<T>(promise: Promise<T>, limitMs: number): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    if (!(await this.runUntil(() => settled, limitMs))) {
      throw new Error(`still pending after ${limitMs} ms of virtual time`);
    }
    return await promise;
  }

  async #run(targetMs: number, predicate: (() => boolean) | undefined): Promise<boolean> {
    if (!(targetMs >= this.#elapsedMs)) throw new TypeError('virtual time does not go back');
    if (this.#running) throw new TypeError('the clock is being advanced already: await that call first');
    this.#running = true;
    try {
      await this.settle();
      let sameInstant = 0;
      for (;;) {
        if (predicate?.() === true) return true;
        const next = this.#timers.peek();
        if (next === undefined || next.dueMs > targetMs) break;
        sameInstant = next.dueMs === this.#elapsedMs ? sameInstant + 1 : 0;
        if (sameInstant > MAX_TIMERS_PER_INSTANT) throw new Error('timers without delay set each other for ever');
        this.#timers.pop();
        this.#elapsedMs = next.dueMs;
        const callback = next.callback!;
        next.callback = undefined;
        callback();
        await this.settle();
      }
      this.#elapsedMs = targetMs;
      return predicate?.() === true;
    } finally {
      this.#running = false;
    }
  }
}

function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

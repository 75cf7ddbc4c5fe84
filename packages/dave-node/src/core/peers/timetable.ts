import type { Clock, Timer } from '../../env.ts';

/** Something that is due once. The timetable owns `dueMs` and `slot`; start with `Infinity` and -1. */
export interface Scheduled {
  dueMs: number;
  slot: number;
  /** Called at `dueMs` (peer time) or as soon after as the process runs. */
  fire(nowMs: number): void;
}

/** A scheduled callback that belongs to nothing else. */
export function scheduled(fire: (nowMs: number) => void): Scheduled {
  return { dueMs: Number.POSITIVE_INFINITY, slot: -1, fire };
}

/**
 * Everything that discovery does later, in one binary heap behind one timer: a peer costs a heap
 * slot, not a timer of its own.
 *
 * It also keeps *peer time*: monotonic time less the spans in which this process could not run
 * (stopped, swapped out, a suspend that the clock counts). Silence is only held against a peer
 * while we were there to hear it.
 */
export class Timetable {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #heap: Scheduled[] = [];
  #timer: Timer | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  #lostMs = 0;
  #running = false;
  #stopped = false;

  /** @param stallMs a timer that fires later than this after its time means that the process stood still. */
  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
  }

  /** Peer time in ms. */
  now(): number {
    return this.#clock.monotonic() - this.#lostMs;
  }

  /** Schedules `item`, or moves it. */
  at(item: Scheduled, dueMs: number): void {
    if (this.#stopped) return;
    item.dueMs = dueMs;
    if (item.slot < 0) {
      item.slot = this.#heap.length;
      this.#heap.push(item);
      this.#up(item);
    } else {
      this.#up(item);
      this.#down(item);
    }
    if (!this.#running) this.#arm();
  }

  /** Takes `item` out; without effect when it is not scheduled. */
  cancel(item: Scheduled): void {
    const slot = item.slot;
    if (slot < 0) return;
    item.slot = -1;
    const last = this.#heap.pop()!;
    if (last === item) return;
    last.slot = slot;
    this.#heap[slot] = last;
    this.#up(last);
    this.#down(last);
  }

  /** Forgets everything; later calls of `at` do nothing. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const item of this.#heap) item.slot = -1;
    this.#heap.length = 0;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined || first.dueMs === Number.POSITIVE_INFINITY) return;
    // An earlier wake-up is harmless: it finds nothing due and arms again.
    if (this.#timer !== undefined && this.#armedForMs <= first.dueMs) return;
    this.#timer?.cancel();
    this.#armedForMs = first.dueMs;
    this.#timer = this.#clock.setTimer(Math.max(0, first.dueMs - this.now()), () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    const lateMs = this.now() - this.#armedForMs;
    if (lateMs > this.#stallMs) this.#lostMs += lateMs;
    const nowMs = this.now();
    this.#running = true;
    try {
      for (let first = this.#heap[0]; first !== undefined && first.dueMs <= nowMs; first = this.#heap[0]) {
        this.cancel(first);
        first.fire(nowMs);
      }
    } finally {
      this.#running = false;
      this.#arm();
    }
  }

  #up(item: Scheduled): void {
    const heap = this.#heap;
    while (item.slot > 0) {
      const parent = heap[(item.slot - 1) >> 1]!;
      if (parent.dueMs <= item.dueMs) return;
      this.#swap(parent, item);
    }
  }

  #down(item: Scheduled): void {
    const heap = this.#heap;
    for (;;) {
      const left = heap[2 * item.slot + 1];
      const right = heap[2 * item.slot + 2];
      const child = right !== undefined && right.dueMs < left!.dueMs ? right : left;
      if (child === undefined || child.dueMs >= item.dueMs) return;
      this.#swap(item, child);
    }
  }

  /** Swaps `upper` with its child `lower`. */
  #swap(upper: Scheduled, lower: Scheduled): void {
    const slot = upper.slot;
    upper.slot = lower.slot;
    lower.slot = slot;
    this.#heap[upper.slot] = upper;
    this.#heap[lower.slot] = lower;
  }
}

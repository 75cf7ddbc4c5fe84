/** One entry of the heap; `seq` keeps timers of the same instant in the order they were set. */
export interface ScheduledTimer {
  readonly dueMs: number;
  readonly seq: number;
  callback: (() => void) | undefined;
}

/** A binary min-heap by due time, then by order of insertion. Cancelled entries stay until they surface. */
export class TimerHeap {
  readonly #items: ScheduledTimer[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(timer: ScheduledTimer): void {
    const items = this.#items;
    let at = items.length;
    items.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent]!;
      if (!before(timer, above)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = timer;
  }

  /** The next timer that was not cancelled, without removing it. */
  peek(): ScheduledTimer | undefined {
    while (this.#items.length > 0 && this.#items[0]!.callback === undefined) this.#removeTop();
    return this.#items[0];
  }

  pop(): ScheduledTimer | undefined {
    const top = this.peek();
    if (top !== undefined) this.#removeTop();
    return top;
  }

  #removeTop(): void {
    const items = this.#items;
    const last = items.pop()!;
    const length = items.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && before(items[child + 1]!, items[child]!)) child += 1;
      if (!before(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
  }
}

function before(a: ScheduledTimer, b: ScheduledTimer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.seq < b.seq);
}

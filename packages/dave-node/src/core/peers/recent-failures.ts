/**
 * Addresses that were tried in vain and when, bounded: the oldest are forgotten first. It is what
 * keeps an address that does not answer from being tried whenever somebody names it again.
 */
export class RecentFailures {
  readonly #atMs = new Map<string, number>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#atMs.size;
  }

  add(addressKey: string, nowMs: number): void {
    this.#atMs.delete(addressKey);
    if (this.#atMs.size >= this.#capacity) {
      for (const oldest of this.#atMs.keys()) {
        this.#atMs.delete(oldest);
        break;
      }
    }
    this.#atMs.set(addressKey, nowMs);
  }

  /** Ms since the address failed, infinite when that is not known. */
  age(addressKey: string, nowMs: number): number {
    const atMs = this.#atMs.get(addressKey);
    return atMs === undefined ? Number.POSITIVE_INFINITY : nowMs - atMs;
  }
}

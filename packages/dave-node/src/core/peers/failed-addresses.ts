/** Networks that must name an address again before it is tried a second time soon. */
const WITNESSES = 2;

interface Failure {
  atMs: number;
  /** In a row. */
  times: number;
  readonly witnesses: Set<string>;
}

/**
 * Addresses that were tried in vain: what keeps one from being tried whenever somebody names it.
 * Bounded, the oldest are forgotten first.
 *
 * A single peer that names it again has it tried after `lateMs` only. When peers of several networks
 * do (a partition has healed), it is tried after `soonMs`, twice that after a second failure, and so
 * on: to aim our PINGs at somebody costs several networks that answer ours all the while.
 */
export class FailedAddresses {
  readonly #failures = new Map<string, Failure>();
  readonly #capacity: number;
  readonly #soonMs: number;
  readonly #lateMs: number;

  constructor(options: { capacity: number; soonMs: number; lateMs: number }) {
    this.#capacity = options.capacity;
    this.#soonMs = options.soonMs;
    this.#lateMs = options.lateMs;
  }

  get size(): number {
    return this.#failures.size;
  }

  add(addressKey: string, nowMs: number): void {
    const former = this.#failures.get(addressKey);
    const times = former === undefined || nowMs - former.atMs >= this.#lateMs * 2 ? 1 : former.times + 1;
    this.#failures.delete(addressKey);
    if (this.#failures.size >= this.#capacity) this.#failures.delete(this.#failures.keys().next().value!);
    this.#failures.set(addressKey, { atMs: nowMs, times, witnesses: new Set() });
  }

  /** It answered. */
  delete(addressKey: string): void {
    this.#failures.delete(addressKey);
  }

  /** Whether an address that wrote to us may be tried. */
  mayAnswer(addressKey: string, nowMs: number): boolean {
    const failure = this.#failures.get(addressKey);
    return failure === undefined || nowMs - failure.atMs >= this.#soonMs;
  }

  /** Whether an address that a peer of `network` names may be tried; remembers that it was named. */
  mayTry(addressKey: string, network: string, nowMs: number): boolean {
    const failure = this.#failures.get(addressKey);
    if (failure === undefined) return true;
    const ageMs = nowMs - failure.atMs;
    if (ageMs >= this.#lateMs) return true;
    if (ageMs < this.#soonMs * 2 ** Math.min(failure.times - 1, 30)) return false;
    failure.witnesses.add(network);
    return failure.witnesses.size >= WITNESSES;
  }
}

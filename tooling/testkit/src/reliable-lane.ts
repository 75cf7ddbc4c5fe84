import type { MemoryHost } from './memory-host.ts';
import type { MemoryNetwork } from './memory-network.ts';

const RETRANSMIT_MS = 200;
const LONGEST_RETRANSMIT_MS = 3200;
const MOST_LOSSES = 8;

/** One direction of a stream: everything arrives once and in order, late when the link is bad. */
export class ReliableLane<Message> {
  /** Called when nothing got through for the network's `giveUpMs`, or the other machine was replaced. */
  onLost: (() => void) | undefined;
  /** The machine that must be at the other end; undefined while dialling. */
  expected: MemoryHost<Message> | undefined;
  readonly #network: MemoryNetwork<Message>;
  readonly #from: MemoryHost<Message>;
  readonly #to: string;
  readonly #stalled: (() => void)[] = [];
  #lastDueMs = 0;
  #stopped = false;

  constructor(network: MemoryNetwork<Message>, from: MemoryHost<Message>, to: string, expected: MemoryHost<Message> | undefined) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
    this.expected = expected;
  }

  /** Calls `deliver` at the other end, in its turn. */
  post(deliver: () => void): void {
    const { clock, random } = this.#network;
    const link = this.#network.conditions(this.#from.address, this.#to);
    let delayMs = link.latencyMs(random);
    for (let losses = 0; losses < MOST_LOSSES && random.float() < link.loss; losses++) delayMs += RETRANSMIT_MS;
    const now = clock.monotonic();
    this.#lastDueMs = Math.max(this.#lastDueMs, now + delayMs);
    clock.setTimer(this.#lastDueMs - now, () => this.#arrive(deliver));
  }

  /** Drops what is under way. */
  stop(): void {
    this.#stopped = true;
    this.#stalled.length = 0;
  }

  #arrive(deliver: () => void): void {
    if (this.#stopped || this.#from.crashed) return;
    const first = this.#stalled.length === 0;
    if (first && this.#tryDeliver(deliver)) return;
    if (this.#stopped) return;
    this.#stalled.push(deliver);
    if (first) this.#retry(RETRANSMIT_MS, this.#network.clock.monotonic());
  }

  #retry(afterMs: number, sinceMs: number): void {
    this.#network.clock.setTimer(afterMs, () => {
      if (this.#stopped || this.#from.crashed) return;
      while (this.#stalled.length > 0 && this.#tryDeliver(this.#stalled[0]!)) this.#stalled.shift();
      if (this.#stopped || this.#stalled.length === 0) return;
      if (this.#network.clock.monotonic() - sinceMs >= this.#network.giveUpMs) return this.#lose();
      this.#retry(Math.min(2 * afterMs, LONGEST_RETRANSMIT_MS), sinceMs);
    });
  }

  #tryDeliver(deliver: () => void): boolean {
    const host = this.#network.hostAt(this.#to);
    if (host === undefined || !this.#network.passes(this.#from.address, this.#to)) return false;
    if (this.expected !== undefined && host !== this.expected) {
      this.#lose();
      return false;
    }
    deliver();
    return true;
  }

  #lose(): void {
    this.stop();
    this.onLost?.();
  }
}

import type { AddrPort, Message } from '@p2p/dave-wire';
import type { Counters } from '../counters.ts';
import { count } from '../counters.ts';
import type { GatedKind, SendGate } from './send-gate.ts';
import { type Scheduled, type Timetable, scheduled } from './timetable.ts';

/** How long an answer waits for its receiver to prove itself: a Go node asks for its address once and uses an answer within 10 s. */
const HOLD_MS = 10_000;
/** Addresses for which answers wait. */
const MAX_HELD = 1024;

interface Held {
  readonly task: Scheduled;
  readonly messages: Map<GatedKind, () => Message>;
  readonly to: AddrPort;
}

/**
 * Sends answers to addresses that may not have proven themselves. What the gate refuses waits, one of
 * each kind per address, and goes out when the address is validated.
 */
export class Answers {
  readonly #held = new Map<string, Held>();
  readonly #gate: SendGate;
  readonly #timetable: Timetable;
  readonly #send: (message: Message, to: AddrPort) => void;
  readonly #counters: Counters;

  constructor(
    gate: SendGate,
    modules: { timetable: Timetable; send: (message: Message, to: AddrPort) => void; counters: Counters },
  ) {
    this.#gate = gate;
    this.#timetable = modules.timetable;
    this.#send = modules.send;
    this.#counters = modules.counters;
  }

  /** @param build makes the message when it is sent: a held one is fresh, and a refused one costs nothing. */
  answer(to: AddrPort, addressKey: string, kind: GatedKind, bytes: number, build: () => Message): void {
    if (this.#gate.maySend(addressKey, bytes, kind)) {
      this.#send(build(), to);
      return;
    }
    this.#hold(to, addressKey, kind, build);
  }

  /** The address solved a challenge: what waited for it goes out. */
  validated(addressKey: string): void {
    this.#gate.validated(addressKey);
    const held = this.#held.get(addressKey);
    if (held === undefined) return;
    this.#held.delete(addressKey);
    this.#timetable.cancel(held.task);
    for (const build of held.messages.values()) this.#send(build(), held.to);
  }

  #hold(to: AddrPort, addressKey: string, kind: GatedKind, build: () => Message): void {
    let held = this.#held.get(addressKey);
    if (held === undefined) {
      if (this.#held.size >= MAX_HELD) {
        count(this.#counters.packetsDropped, 'unvalidated');
        return;
      }
      const address = { address: to.address, port: to.port };
      held = { task: scheduled(() => this.#expire(addressKey)), messages: new Map(), to: address };
      this.#held.set(addressKey, held);
      this.#timetable.at(held.task, this.#timetable.now() + HOLD_MS);
    }
    held.messages.set(kind, build);
  }

  #expire(addressKey: string): void {
    this.#held.delete(addressKey);
    count(this.#counters.packetsDropped, 'unvalidated');
  }
}

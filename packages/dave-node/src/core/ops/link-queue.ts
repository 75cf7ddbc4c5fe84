import type { Entry, PutAck } from '@p2p/dave-wire';
import { acknowledges, type ReplicaOutcome } from './put-acks.ts';

/** One entry on its way to one replica. */
export interface LinkItem {
  readonly entry: Entry;
  /** Called once. */
  readonly settle: (outcome: ReplicaOutcome) => void;
  /** Set by the link when `settle` was called. An item may be sent again after that, to a node that does not acknowledge. */
  settled: boolean;
}

/** What waits to be sent to a replica, and what was sent and is not confirmed, in order. */
export class LinkQueue {
  /** Behind `#head` lie the items that are not sent yet. */
  #waiting: LinkItem[] = [];
  #head = 0;
  readonly #unconfirmed = new Map<bigint, LinkItem>();
  #nextId: bigint;

  /** @param firstId where the request ids of this link start. */
  constructor(firstId: bigint) {
    this.#nextId = firstId;
  }

  get size(): number {
    return this.waiting + this.#unconfirmed.size;
  }

  get waiting(): number {
    return this.#waiting.length - this.#head;
  }

  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  push(item: LinkItem): void {
    this.#waiting.push(item);
  }

  /** Takes the next item to send and counts it as unconfirmed under the id that is returned. */
  take(): { requestId: bigint; item: LinkItem } | undefined {
    const item = this.#waiting[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#waiting.length) {
      this.#waiting = [];
      this.#head = 0;
    } else if (this.#head >= 1024) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    const requestId = this.#nextId;
    this.#nextId = BigInt.asUintN(64, requestId + 1n);
    this.#unconfirmed.set(requestId, item);
    return { requestId, item };
  }

  /** The item that an acknowledgement is about, which is then confirmed; undefined for an unasked one. */
  confirm(ack: PutAck): LinkItem | undefined {
    const requestId = ack.extensions?.requestId ?? this.#idOf(ack);
    const item = requestId === undefined ? undefined : this.#unconfirmed.get(requestId);
    if (item === undefined || !acknowledges(ack, item.entry.dat)) return undefined;
    this.#unconfirmed.delete(requestId!);
    return item;
  }

  /** Everything sent so far has arrived. */
  confirmAll(): number {
    const confirmed = this.#unconfirmed.size;
    this.#unconfirmed.clear();
    return confirmed;
  }

  /** The connection is gone: what was not confirmed goes first on the next one. */
  requeue(): void {
    if (this.#unconfirmed.size === 0) return;
    this.#waiting = [...this.#unconfirmed.values(), ...this.#waiting.slice(this.#head)];
    this.#head = 0;
    this.#unconfirmed.clear();
  }

  /** Empties the queue and returns what was in it. */
  drain(): LinkItem[] {
    this.requeue();
    const all = this.#waiting.slice(this.#head);
    this.#waiting = [];
    this.#head = 0;
    return all;
  }

  /** A PUT of full size has no room for a request id: acknowledgements of those come in order, so the first match is near. */
  #idOf(ack: PutAck): bigint | undefined {
    for (const [requestId, item] of this.#unconfirmed) if (acknowledges(ack, item.entry.dat)) return requestId;
    return undefined;
  }
}

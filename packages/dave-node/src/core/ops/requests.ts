import { formatAddrPort, isNotFound, type AddrPort, type Entry, type GetAck } from '@p2p/dave-wire';
import type { Random } from '../../env.ts';
import { count, type Counters } from '../counters.ts';
import { equalBytes } from '../peers/equal-bytes.ts';
import type { Peer } from '../peers/peer.ts';

/** What a peer said. The entry's bytes are valid during the call only; undefined means that it has none. */
export type OnAnswer = (entry: Entry | undefined, answer: { readonly withId: boolean }) => void;

/** A GET that waits for its answers. More than one may come: a forged not-found does not shut out the true answer. */
export interface Outstanding {
  readonly requestId: bigint;
  readonly peer: Peer;
  readonly publicKey: Uint8Array;
  readonly key: string;
  readonly onAnswer: OnAnswer;
}

/** Ids of closed requests, so that late answers can be told from unasked ones. */
const REMEMBERED_CLOSED = 1024;

/**
 * Our GETs in flight. An answer counts only from the address that was asked, for what was asked:
 * by its request id, or where it carries none (a Go node, or no room in the packet) by address, author and key.
 */
export class GetRequests {
  readonly #limit: number;
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #byId = new Map<bigint, Outstanding>();
  readonly #byAddress = new Map<string, Set<Outstanding>>();
  readonly #closed = new Set<bigint>();

  constructor(limit: number, random: Random, counters: Counters) {
    this.#limit = limit;
    this.#random = random;
    this.#counters = counters;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Starts waiting; undefined when too many are in flight. */
  open(peer: Peer, publicKey: Uint8Array, key: string, onAnswer: OnAnswer): Outstanding | undefined {
    if (this.#byId.size >= this.#limit) {
      count(this.#counters.gets, 'too-many-outstanding');
      return undefined;
    }
    const outstanding: Outstanding = { requestId: this.#freshId(), peer, publicKey, key, onAnswer };
    this.#byId.set(outstanding.requestId, outstanding);
    let ofAddress = this.#byAddress.get(peer.addressKey);
    if (ofAddress === undefined) this.#byAddress.set(peer.addressKey, (ofAddress = new Set()));
    ofAddress.add(outstanding);
    return outstanding;
  }

  close(outstanding: Outstanding): void {
    if (!this.#byId.delete(outstanding.requestId)) return;
    const { addressKey } = outstanding.peer;
    const ofAddress = this.#byAddress.get(addressKey);
    ofAddress?.delete(outstanding);
    if (ofAddress?.size === 0) this.#byAddress.delete(addressKey);
    this.#closed.add(outstanding.requestId);
    if (this.#closed.size > REMEMBERED_CLOSED) this.#closed.delete(this.#closed.values().next().value!);
  }

  /** Hands an answer to whoever waits for it. */
  receive(message: GetAck, from: AddrPort): void {
    const addressKey = formatAddrPort(from);
    const requestId = message.extensions?.requestId;
    if (requestId === undefined) this.#receiveWithoutId(message, addressKey);
    else this.#receiveWithId(message, addressKey, requestId);
  }

  #receiveWithId(message: GetAck, addressKey: string, requestId: bigint): void {
    const outstanding = this.#byId.get(requestId);
    if (outstanding === undefined) return this.#dropped(this.#closed.has(requestId) ? 'late-get-ack' : 'unasked-get-ack');
    const { entry } = message;
    if (outstanding.peer.addressKey !== addressKey || !isFor(outstanding, entry)) return this.#dropped('unasked-get-ack');
    outstanding.onAnswer(isNotFound(entry) ? undefined : entry, { withId: true });
  }

  #receiveWithoutId(message: GetAck, addressKey: string): void {
    const { entry } = message;
    const notFound = isNotFound(entry);
    let taken = false;
    for (const outstanding of this.#byAddress.get(addressKey) ?? []) {
      if (!isFor(outstanding, entry)) continue;
      // A peer that echoes ids always has room for one in a not-found: without it, it is forged.
      if (notFound && echoesIds(outstanding.peer)) continue;
      taken = true;
      outstanding.onAnswer(notFound ? undefined : entry, { withId: false });
    }
    if (!taken) this.#dropped('unasked-get-ack');
  }

  #freshId(): bigint {
    for (;;) {
      const bytes = this.#random.bytes(8);
      const id = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
      if (!this.#byId.has(id)) return id;
    }
  }

  #dropped(reason: string): void {
    count(this.#counters.packetsDropped, reason);
  }
}

function isFor(outstanding: Outstanding, entry: Entry): boolean {
  return entry.dat.key === outstanding.key && equalBytes(entry.dat.publicKey, outstanding.publicKey);
}

/** Peers that announce a protocol version are of our kind, which echo request ids; the Go node does not. */
function echoesIds(peer: Peer): boolean {
  return peer.protocolVersion !== undefined;
}

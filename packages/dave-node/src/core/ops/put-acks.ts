import { formatAddrPort, storeKey, type AddrPort, type Dat, type PutAck, type PutAckCode } from '@p2p/dave-wire';
import type { Random } from '../../env.ts';
import { count, type Counters } from '../counters.ts';
import { equalBytes } from '../peers/equal-bytes.ts';
import type { Peer } from '../peers/peer.ts';

/** What became of a dat at one replica. `sent`: handed to a node that does not acknowledge; `unconfirmed`: nobody knows. */
export type ReplicaOutcome =
  | 'stored'
  | 'already'
  | 'newer'
  | 'no-room'
  | 'invalid'
  | 'overloaded'
  | 'sent'
  | 'unconfirmed';

const OUTCOMES: readonly ReplicaOutcome[] = ['stored', 'already', 'newer', 'no-room', 'invalid', 'overloaded'];

/** What a PUT_ACK's code says. */
export function outcomeOf(code: PutAckCode): ReplicaOutcome {
  return OUTCOMES[code]!;
}

/** Bytes of a signature that a PUT_ACK names. */
const PREFIX_BYTES = 8;

/** Whether a PUT_ACK is about this dat. */
export function acknowledges(message: PutAck, dat: Dat): boolean {
  return (
    equalBytes(message.signaturePrefix, dat.signature.subarray(0, PREFIX_BYTES)) && message.storeKey === storeKey(dat.publicKey, dat.key)
  );
}

/** The names by which a PUT_ACK says what it answers, taken while the dat's bytes are still there. */
export interface AckNames {
  readonly storeKey: bigint;
  readonly signaturePrefix: Uint8Array;
}

export function ackNames(dat: Dat): AckNames {
  return { storeKey: storeKey(dat.publicKey, dat.key), signaturePrefix: dat.signature.slice(0, PREFIX_BYTES) };
}

/** The PUT_ACK for what {@link ackNames} names, echoing the request id if there was one. */
export function putAck(names: AckNames, code: PutAckCode, requestId: bigint | undefined): PutAck {
  const { storeKey, signaturePrefix } = names;
  return { op: 'put-ack', storeKey, signaturePrefix, code, ...(requestId === undefined ? {} : { extensions: { requestId } }) };
}

interface Waiter {
  readonly addressKey: string;
  readonly dat: Dat;
  readonly onAck: (code: PutAckCode) => void;
}

/** PUTs of ours over UDP whose acknowledgement is waited for. */
export class AckWaiters {
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #byId = new Map<bigint, Waiter>();

  constructor(random: Random, counters: Counters) {
    this.#random = random;
    this.#counters = counters;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Starts waiting; the id goes into the PUT. `close` ends it. */
  open(peer: Peer, dat: Dat, onAck: (code: PutAckCode) => void): bigint {
    const bytes = this.#random.bytes(8);
    const requestId = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    this.#byId.set(requestId, { addressKey: peer.addressKey, dat, onAck });
    return requestId;
  }

  close(requestId: bigint): void {
    this.#byId.delete(requestId);
  }

  receive(message: PutAck, from: AddrPort): void {
    const requestId = message.extensions?.requestId;
    const waiter = requestId === undefined ? undefined : this.#byId.get(requestId);
    if (waiter === undefined || waiter.addressKey !== formatAddrPort(from) || !acknowledges(message, waiter.dat)) {
      count(this.#counters.packetsDropped, 'unasked-put-ack');
      return;
    }
    waiter.onAck(message.code);
  }
}

import { formatAddrPort, type AddrPort } from '@p2p/dave-wire';
import { tracePeer, type EventLog, type TracePeer } from '@p2p/trace';
import type { NodeEmitter } from '../../events.ts';
import type { Peer, PeerDirectory } from '../peers/peer.ts';

/** Addresses that have been seen to be pinged for the first time; the oldest is forgotten. */
const REMEMBERED_ADDRESSES = 4096;
/** Codes of `connClosed`. */
const SILENT = 1;
const DROPPED = 2;

/** Who is behind an address, as the log takes it, and the coming and going of peers. */
export class TracedPeers {
  readonly #log: EventLog;
  readonly #prepared = new WeakMap<Uint8Array, TracePeer>();
  readonly #pinged = new Set<string>();
  #directory: PeerDirectory | undefined;

  constructor(log: EventLog) {
    this.#log = log;
  }

  attach(directory: PeerDirectory, emitter: NodeEmitter): void {
    this.#directory = directory;
    emitter.on('peer-active', ({ peer }) => this.#log.connEstablished(undefined, this.prepared(peer), Math.round((peer.srttMs ?? 0) * 1000)));
    emitter.on('peer-inactive', ({ peer }) => this.#log.connClosed(undefined, this.prepared(peer), SILENT));
    emitter.on('peer-dropped', ({ peer }) => this.#log.connClosed(undefined, this.prepared(peer), DROPPED));
  }

  /** Undefined until the peer has proven its key. */
  prepared({ publicKey }: Peer): TracePeer | undefined {
    if (publicKey === undefined) return undefined;
    let peer = this.#prepared.get(publicKey);
    if (peer === undefined) this.#prepared.set(publicKey, (peer = tracePeer(publicKey)));
    return peer;
  }

  at(address: AddrPort): TracePeer | undefined {
    const peer = this.#directory?.byAddressKey(formatAddrPort(address));
    return peer === undefined ? undefined : this.prepared(peer);
  }

  /** A PING goes out: the first one to an address is how a connection begins. */
  pinged(address: AddrPort): void {
    const key = formatAddrPort(address);
    if (this.#pinged.has(key)) return;
    this.#pinged.add(key);
    if (this.#pinged.size > REMEMBERED_ADDRESSES) this.#pinged.delete(this.#pinged.values().next().value!);
    this.#log.connInit(undefined, this.at(address), key);
  }
}

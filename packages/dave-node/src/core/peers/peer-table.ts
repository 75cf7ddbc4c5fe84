import type { AddrPort } from '@p2p/dave-wire';
import type { NodeEmitter } from '../../events.ts';
import { AddressMap } from './address-map.ts';
import { closestPeers } from './closest-peers.ts';
import type { PeerRecord } from './peer-record.ts';
import type { Peer, PeerDirectory, PeerState } from './peer.ts';

/** The peers that proved a key, and the edges whether or not they did. */
export class PeerTable implements Omit<PeerDirectory, 'suspect' | 'joining'> {
  readonly #byAddress = new AddressMap<PeerRecord>();
  readonly #byAddressKey = new Map<string, PeerRecord>();
  readonly #byId = new Map<bigint, PeerRecord>();
  readonly #active: PeerRecord[] = [];
  readonly #emitter: NodeEmitter;
  readonly #maxPeers: number;

  /** @param maxPeers bound on the peers that are no edges. */
  constructor(maxPeers: number, emitter: NodeEmitter) {
    this.#maxPeers = maxPeers;
    this.#emitter = emitter;
  }

  get size(): number {
    return this.#byAddressKey.size;
  }

  get activeCount(): number {
    return this.#active.length;
  }

  /** False when only edges may be added. Counts edges as others do: they are few. */
  get hasRoom(): boolean {
    return this.#byAddressKey.size < this.#maxPeers;
  }

  /** Peers that proved their key, can hold data, and are not active yet. Counted anew at each call. */
  get provenCount(): number {
    let proven = 0;
    for (const record of this.#byAddressKey.values()) if (record.state === 'proven' && !record.client) proven++;
    return proven;
  }

  all(): Iterable<PeerRecord> {
    return this.#byAddressKey.values();
  }

  active(): Iterable<PeerRecord> {
    return this.#active;
  }

  /** The active peers by position, for sampling. */
  get activeList(): readonly PeerRecord[] {
    return this.#active;
  }

  byId(id: bigint): PeerRecord | undefined {
    return this.#byId.get(id);
  }

  at(address: AddrPort): PeerRecord | undefined {
    return this.#byAddress.get(address);
  }

  byAddressKey(addressKey: string): PeerRecord | undefined {
    return this.#byAddressKey.get(addressKey);
  }

  closest(target: bigint, count: number): Peer[] {
    return closestPeers(this.#active, target, count);
  }

  /** Whether it is the record that the table holds for its address. */
  holds(record: PeerRecord): boolean {
    return this.#byAddress.get(record.address) === record;
  }

  add(record: PeerRecord): void {
    this.#byAddress.add(record);
    this.#byAddressKey.set(record.addressKey, record);
  }

  /** Takes a record out; an active one is reported inactive first. */
  remove(record: PeerRecord): void {
    if (!this.holds(record)) return;
    const wasProven = record.state !== 'unproven';
    if (record.state === 'active') this.setState(record, 'inactive');
    this.#byAddress.delete(record);
    this.#byAddressKey.delete(record.addressKey);
    if (this.#byId.get(record.id) === record) this.#byId.delete(record.id);
    if (wasProven) this.#emitter.emit('peer-dropped', { peer: record });
  }

  /** Makes `record` the holder of a key, which is copied; whoever held it must have been unpinned or removed. */
  pin(record: PeerRecord, publicKey: Uint8Array): void {
    record.setKey(Uint8Array.from(publicKey));
    this.#byId.set(record.id, record);
  }

  /** Forgets which key answered at an address: the next right answer decides anew. */
  unpin(record: PeerRecord): void {
    if (record.state === 'active') this.setState(record, 'inactive');
    if (this.#byId.get(record.id) === record) this.#byId.delete(record.id);
    record.setKey(undefined);
    record.state = 'unproven';
    record.lastProofAt = undefined;
  }

  /** Changes the state and tells listeners. */
  setState(record: PeerRecord, state: PeerState): void {
    const was = record.state;
    if (was === state) return;
    record.state = state;
    if (state === 'active') {
      record.activeIndex = this.#active.push(record) - 1;
      this.#emitter.emit('peer-active', { peer: record });
    } else if (was === 'active') {
      const last = this.#active.pop()!;
      if (last !== record) {
        this.#active[record.activeIndex] = last;
        last.activeIndex = record.activeIndex;
      }
      record.activeIndex = -1;
      this.#emitter.emit('peer-inactive', { peer: record });
    }
  }
}

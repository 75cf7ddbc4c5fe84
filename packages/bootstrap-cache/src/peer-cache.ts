import { AdmissionGate } from './admission.ts';
import { checkCount, checkOutcome, checkScope, checkSelection } from './caller-checks.ts';
import { type AddressPreference, cachedPeer } from './cached-peer.ts';
import { cacheStats } from './cache-stats.ts';
import { type CacheState, createState, removePeer, rescore, rescoreAll } from './cache-state.ts';
import { cleanUp } from './cleanup.ts';
import { ClockWatch } from './clock-steps.ts';
import { type CacheEvents, type CacheEventType, CacheEmitter } from './events.ts';
import { applyOutcome } from './outcomes.ts';
import { overlay, packCapabilities } from './packed-capabilities.ts';
import { isValidAddress } from './peer-addresses.ts';
import { ADDRESSES_REPLACED, DIRTY, ORIGIN_REPLACED } from './peer-table.ts';
import { verifyAddress } from './reachability.ts';
import { selectSlots } from './select-peers.ts';
import { selectCoordinatorSlots, selectRelaySlots, type SelectRelaysOptions } from './select-relays.ts';
import type { SelectOptions } from './selection-query.ts';
import type { Settings } from './settings.ts';
import { SOURCE_CODES } from './source-codes.ts';
import type { AddressScope, AdmissionResult, CachedPeer, CacheStats, ConnectionOutcome, PeerCapabilities, PeerPatch, PeerSource } from './types.ts';

/** The cache without files: everything but opening, saving and maintenance. Made by `BootstrapCache.open`. */
export class PeerCache {
  /** For the file shell. */
  protected readonly state: CacheState;
  protected readonly gate: AdmissionGate;
  protected readonly events: CacheEmitter = new CacheEmitter();
  protected isDegraded: boolean = false;
  readonly #clock: ClockWatch;

  constructor(settings: Settings) {
    this.state = createState(settings);
    this.gate = new AdmissionGate(this.state);
    this.#clock = new ClockWatch(this.state);
  }

  /** Peers in the cache. */
  get size(): number {
    return this.state.table.size;
  }

  has(id: string): boolean {
    return this.state.table.slotOf(id) !== undefined;
  }

  /** A copy of a peer, undefined for an unknown id. */
  get(id: string): CachedPeer | undefined {
    const slot = this.state.table.slotOf(id);
    return slot === undefined ? undefined : this.#copy(slot);
  }

  /** Copies of all peers, in no order. What is added during the iteration may or may not appear. */
  *all(): Generator<CachedPeer, void, void> {
    for (const id of this.state.table.ids.slice()) {
      const peer = this.get(id);
      if (peer !== undefined) yield peer;
    }
  }

  /**
   * Offers a peer: a new one goes through the admission gate, a known one gains addresses (up to 8)
   * and claims, and loses nothing. Refusals are returned, with a reason for each address as well.
   */
  add(id: string, addresses: readonly string[], options: { source?: PeerSource | undefined; claims?: PeerCapabilities | undefined } = {}): AdmissionResult {
    const { source = 'unknown', claims } = options;
    return this.#offer(id, addresses, source, source === 'seed', claims);
  }

  /** Adds a peer that is never evicted or cleaned away; it may push out a peer that is no seed, even a proven one. */
  addSeed(id: string, addresses: readonly string[]): AdmissionResult {
    return this.#offer(id, addresses, 'seed', true, undefined);
  }

  #offer(id: string, addresses: readonly string[], source: PeerSource, isSeed: boolean, claims: PeerCapabilities | undefined): AdmissionResult {
    if (!SOURCE_CODES.includes(source)) throw new TypeError(`unknown source ${source}`);
    const result = this.gate.offer({ id, addresses, source, isSeed, claims }, this.now());
    if (result.ok) this.updated(id, result.created ? 'added' : 'changed');
    return result;
  }

  /**
   * Changes a peer in one step: `fn` gets a copy and returns what to change, or undefined for
   * nothing. False for an unknown id and when none of the new addresses is usable; then nothing changes.
   */
  update(id: string, fn: (peer: CachedPeer) => PeerPatch | undefined): boolean {
    const before = this.get(id);
    if (before === undefined) return false;
    const patch = fn(before);
    const slot = this.state.table.slotOf(id);
    if (patch === undefined || slot === undefined) return false;
    if (patch.source !== undefined && !SOURCE_CODES.includes(patch.source)) throw new TypeError(`unknown source ${patch.source}`);
    if (patch.addresses !== undefined && !this.gate.replaceAddresses(slot, patch.addresses)) return false;
    const c = this.state.table.columns;
    c.dirty[slot]! |= DIRTY | (patch.addresses === undefined ? 0 : ADDRESSES_REPLACED);
    if (patch.source !== undefined || patch.isSeed !== undefined) c.dirty[slot]! |= ORIGIN_REPLACED;
    if (patch.source !== undefined) c.source[slot] = SOURCE_CODES.indexOf(patch.source);
    if (patch.isSeed !== undefined) c.isSeed[slot] = patch.isSeed ? 1 : 0;
    const claims = packCapabilities(patch.claims);
    c.claimed[slot] = overlay(c.claimed[slot]!, claims);
    c.claimedDelta[slot] = overlay(c.claimedDelta[slot]!, claims);
    rescore(this.state, slot, this.now());
    this.state.isDirty = true;
    this.updated(id, 'changed');
    return true;
  }

  /** Forgets a peer in all processes that share the cache, until it is added again. False for an unknown id. */
  remove(id: string): boolean {
    const slot = this.state.table.slotOf(id);
    if (slot === undefined) return false;
    const { firstSeenAt } = this.state.table.columns;
    this.state.tombstones.set(id, Math.max(this.now(), firstSeenAt[slot]!));
    removePeer(this.state, slot);
    this.state.isDirty = true;
    this.updated(id, 'removed');
    return true;
  }

  /**
   * Notes how a dial ended. False for an unknown id: outcomes never create a peer.
   * @throws TypeError when it is no outcome, or `rttMs` is negative, not finite or above a day; nothing is changed then.
   */
  recordOutcome(id: string, outcome: ConnectionOutcome): boolean {
    checkOutcome(outcome);
    const slot = this.state.table.slotOf(id);
    if (slot === undefined) return false;
    applyOutcome(this.state, slot, outcome, this.now());
    this.updated(id, 'changed');
    return true;
  }

  /** `recordOutcome` for a dial that worked. */
  recordSuccess(id: string, details: Omit<Extract<ConnectionOutcome, { ok: true }>, 'ok'> = {}): boolean {
    return this.recordOutcome(id, { ok: true, ...details });
  }

  /** `recordOutcome` for a dial that failed. Leave failures out while your own network is down. */
  recordFailure(id: string, details: Omit<Extract<ConnectionOutcome, { ok: false }>, 'ok'> = {}): boolean {
    return this.recordOutcome(id, { ok: false, ...details });
  }

  /**
   * Notes that an outbound dial reached a peer at an address; call it for nothing else, inbound
   * connections prove no reachability. An unknown peer is offered to the admission gate first.
   * False when the peer or the address was refused.
   * @throws TypeError for a scope that is none.
   */
  observeReachability(id: string, address: string, scope: AddressScope): boolean {
    checkScope(scope);
    const now = this.now();
    if (!isValidAddress(address, this.state.settings)) return false;
    if (!this.has(id) && !this.gate.offer({ id, addresses: [address], source: 'connection', isSeed: false, claims: undefined }, now).ok) return false;
    const slot = this.state.table.slotOf(id)!;
    this.state.table.columns.lastSeenAt[slot] = now;
    const isKept = verifyAddress(this.state, slot, address, scope, now);
    this.updated(id, 'changed');
    return isKept;
  }

  /**
   * Up to `count` peers in the order to try them. Peers that back off come last and only when nothing
   * else is left, as do more than `picksPerNetwork` of one network. The same history and the same
   * `Random` give the same picks. O(peers), about 0.15 ms for 50 of 30 000.
   * @throws TypeError when `count` is no whole number from 0 on, or an option is none.
   */
  selectPeers(count: number, options: SelectOptions = {}): CachedPeer[] {
    checkCount(count);
    checkSelection(options);
    return selectSlots(this.state, count, options, this.now()).map((slot) => this.#copy(slot, { family: options.family }));
  }

  /**
   * Up to `count` peers that relay, as observed or claimed.
   * @throws TypeError when `count` is no whole number, or the target is an address nobody understands.
   */
  selectRelays(count: number, options: SelectRelaysOptions = {}): CachedPeer[] {
    checkCount(count);
    const target = options.target === undefined ? undefined : this.state.settings.classifyAddress(options.target);
    if (options.target !== undefined && target === undefined) throw new TypeError(`the target ${options.target} is no address that classifyAddress knows`);
    const slots = selectRelaySlots(this.state, count, target, options.preferDualStack === true, this.now());
    return slots.map((slot) => this.#copy(slot, { family: target?.family, scope: target?.scope }));
  }

  /** Up to `count` peers that coordinate hole punching, as observed or claimed. */
  selectCoordinators(count: number): CachedPeer[] {
    checkCount(count);
    return selectCoordinatorSlots(this.state, count, this.now()).map((slot) => this.#copy(slot));
  }

  /** Counts, in one pass. */
  stats(): CacheStats {
    return cacheStats(this.state, this.now(), this.isDegraded);
  }

  /** Recomputes every score; maintenance does it hourly, selections when scores are older than a minute. */
  recalculateQuality(): void {
    rescoreAll(this.state, this.now());
  }

  /** Drops stale peers that were never reached, never below `minKeep`, seeds and proven ones. Returns how many. */
  cleanUp(): number {
    const removed = cleanUp(this.state, this.now());
    if (removed > 0) this.events.emit({ type: 'cleaned', removed });
    return removed;
  }

  /**
   * Calls `listener` for each event of a type until the result is disposed of or `signal` aborts. What a
   * listener throws is an uncaught exception of the process, as anywhere in Node.
   * @throws TypeError for an unknown type, or a listener that is no function.
   */
  on<K extends CacheEventType>(type: K, listener: (event: CacheEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    return this.events.on(type, listener, options);
  }

  protected now(): number {
    return this.#clock.now();
  }

  protected updated(id: string, change: CacheEvents['updated']['change']): void {
    if (this.events.has('updated')) this.events.emit({ type: 'updated', id, change });
  }

  #copy(slot: number, preference?: AddressPreference): CachedPeer {
    return cachedPeer(this.state, slot, this.now(), preference);
  }
}

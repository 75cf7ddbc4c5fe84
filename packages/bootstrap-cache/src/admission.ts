import { type CacheState, indexAddresses, insertPeer, isProven, removePeer, rescore } from './cache-state.ts';
import { EvictionQueue, keepingValue } from './eviction-queue.ts';
import { packCapabilities, overlay } from './packed-capabilities.ts';
import { isValidId, mergeAddresses, orderAddresses } from './peer-addresses.ts';
import { DIRTY, type PeerAddress } from './peer-table.ts';
import { SOURCE_CODES } from './source-codes.ts';
import type { AdmissionResult, PeerCapabilities, PeerSource, RefusalReason } from './types.ts';

export interface Offer {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly source: PeerSource;
  readonly isSeed: boolean;
  readonly claims: PeerCapabilities | undefined;
}

/** The one way into the cache for peers that callers name; saved peers go through `makeRoom` as well. */
export class AdmissionGate {
  readonly #state: CacheState;
  readonly #queue: EvictionQueue;

  constructor(state: CacheState) {
    this.#state = state;
    this.#queue = new EvictionQueue(state);
  }

  offer(offer: Offer, now: number): AdmissionResult {
    if (!isValidId(offer.id)) return { ok: false, reason: 'bad-id', refused: [] };
    const slot = this.#state.table.slotOf(offer.id);
    return slot === undefined ? this.#create(offer, now) : this.#extend(slot, offer, now);
  }

  #create(offer: Offer, now: number): AdmissionResult {
    const state = this.#state;
    const { addresses, refused } = mergeAddresses([], offer.addresses, state.settings, true);
    if (addresses.length === 0) return { ok: false, reason: refused.length > 0 ? 'bad-address' : 'no-address', refused };
    const slot = insertPeer(state, offer.id, addresses);
    const { columns } = state.table;
    // A peer that comes back after its removal is newer than its tombstone, also within one millisecond.
    const removedAt = state.tombstones.get(offer.id) ?? 0;
    columns.firstSeenAt[slot] = Math.max(now, removedAt + 1);
    columns.lastSeenAt[slot] = now;
    columns.source[slot] = SOURCE_CODES.indexOf(offer.source);
    columns.isSeed[slot] = offer.isSeed ? 1 : 0;
    columns.claimed[slot] = columns.claimedDelta[slot] = packCapabilities(offer.claims);
    columns.dirty[slot] = DIRTY;
    rescore(state, slot, now);
    const refusal = this.makeRoom(slot, now);
    if (refusal !== undefined) return { ok: false, reason: refusal, refused };
    state.isDirty = true;
    return { ok: true, created: true, refused };
  }

  #extend(slot: number, offer: Offer, now: number): AdmissionResult {
    const state = this.#state;
    const { columns } = state.table;
    const isFirstHand = offer.source === 'connection' || offer.isSeed;
    const { addresses, refused, changed } = mergeAddresses(state.table.addresses[slot]!, offer.addresses, state.settings, isFirstHand);
    if (changed) {
      state.table.addresses[slot] = orderAddresses(addresses);
      indexAddresses(state, slot);
    }
    // Hearsay must not keep a peer fresh that we have dialled ourselves.
    if (isFirstHand || columns.lastAttemptAt[slot] === 0) columns.lastSeenAt[slot] = now;
    if (offer.isSeed) columns.isSeed[slot] = 1;
    if (offer.isSeed || SOURCE_CODES[columns.source[slot]!] === 'unknown') columns.source[slot] = SOURCE_CODES.indexOf(offer.source);
    const claims = packCapabilities(offer.claims);
    columns.claimed[slot] = overlay(columns.claimed[slot]!, claims);
    columns.claimedDelta[slot] = overlay(columns.claimedDelta[slot]!, claims);
    columns.dirty[slot]! |= DIRTY;
    state.isDirty = true;
    rescore(state, slot, now);
    return { ok: true, created: false, refused };
  }

  /**
   * Lets the row at `slot`, the last one, stay if there is room or if it is worth more than another
   * that may go; takes it out again otherwise and says why. Another row may move into its place.
   */
  makeRoom(slot: number, now: number): RefusalReason | undefined {
    const state = this.#state;
    const { columns, ids } = state.table;
    const network = columns.network[slot]!;
    // Proven peers and seeds are wanted however many others their network has.
    const isPrivileged = columns.isSeed[slot] === 1 || isProven(state, slot, now);
    if (!isPrivileged && network !== 0 && state.ledger.countOf(network) > state.settings.maxPerNetwork) {
      const rival = this.#worstOfNetwork(network, slot, now);
      if (rival === undefined || keepingValue(state, rival) >= keepingValue(state, slot)) {
        removePeer(state, slot);
        return 'network-full';
      }
      this.#evict(rival, ids[slot]!);
      return undefined;
    }
    if (state.table.size <= state.settings.maxPeers) return undefined;
    const id = ids[slot]!;
    const victim = this.#queue.worst(id, now) ?? (columns.isSeed[slot] === 1 ? this.#queue.worstNonSeed(id) : undefined);
    if (victim === undefined || (!isPrivileged && keepingValue(state, victim) >= keepingValue(state, slot))) {
      removePeer(state, slot);
      return 'full';
    }
    this.#evict(victim, id);
    return undefined;
  }

  #evict(victim: number, newcomer: string): void {
    if (this.#state.table.ids[victim] === newcomer) throw new TypeError('a newcomer cannot make room for itself');
    removePeer(this.#state, victim);
  }

  #worstOfNetwork(network: number, except: number, now: number): number | undefined {
    const state = this.#state;
    const { columns, size } = state.table;
    let worst: number | undefined;
    for (let slot = 0; slot < size; slot++) {
      if (columns.network[slot] !== network || slot === except || columns.isSeed[slot] === 1 || isProven(state, slot, now)) continue;
      if (worst === undefined || columns.score[slot]! < columns.score[worst]!) worst = slot;
    }
    return worst;
  }

  /** Makes a peer's addresses exactly these. False when none of them is usable: then nothing changes. */
  replaceAddresses(slot: number, texts: readonly string[]): boolean {
    const state = this.#state;
    const known = state.table.addresses[slot]!;
    const kept: PeerAddress[] = known.filter((address) => texts.includes(address.text));
    const { addresses } = mergeAddresses(kept, texts, state.settings, true);
    if (addresses.length === 0) return false;
    // Those without a proof take the caller's order.
    addresses.sort((a, b) => texts.indexOf(a.text) - texts.indexOf(b.text));
    state.table.addresses[slot] = orderAddresses(addresses);
    indexAddresses(state, slot);
    return true;
  }
}

import type { Caps } from '../../limits.ts';
import type { ProviderSituation, Room, Step } from '../admission.ts';
import type { AdmissionState, ValueChange } from '../admit.ts';
import { equalBytes, plainBytes } from '../bytes.ts';
import type { Owner, StoredProvider, StoredValue, ValueCandidate } from '../stored.ts';
import { Usage, type OriginUsage, type PoolUsage } from '../usage.ts';
import type { LedgerEntry, ProviderEntry, ProviderList, ValueEntry } from './entries.ts';
import { ExpiryHeap } from './expiry-heap.ts';
import { OriginIndex } from './origin-index.ts';
import { ValueMemory } from './value-memory.ts';

/** Expired entries that are removed at a time to make room. */
const RECLAIM_CHUNK = 16;
/** Values that a write moves together while too much memory is held for too few of them. */
const EVACUATED_PER_WRITE = 16;

export interface LedgerOptions {
  readonly caps: Caps;
  /** A key as text: equal and ordered as the bytes are. */
  readonly keyText: (key: Uint8Array) => string;
  /** Bytes that nobody else changes. */
  readonly own: (bytes: Uint8Array) => Uint8Array;
  /** An entry went to make room. */
  readonly evicted: (entry: LedgerEntry, why: 'expired' | 'replaced') => void;
}

/** Everything that is stored, in memory: the state of the memory engine, and the index of those that keep values elsewhere. */
export class Ledger implements AdmissionState {
  readonly usage: Usage = new Usage();
  readonly values: Map<string, ValueEntry> = new Map();
  readonly lists: Map<string, ProviderList> = new Map();
  /** Providers that are this node. */
  readonly provided: Set<ProviderEntry> = new Set();
  readonly #options: LedgerOptions;
  readonly #heaps = { value: { local: new ExpiryHeap<LedgerEntry>(), remote: new ExpiryHeap<LedgerEntry>() }, provider: { local: new ExpiryHeap<LedgerEntry>(), remote: new ExpiryHeap<LedgerEntry>() } };
  readonly #origins = new OriginIndex();
  readonly #memory = new ValueMemory();
  #evacuating: Iterator<ValueEntry> | undefined;
  #lastKey: Uint8Array | undefined;
  #lastText = '';
  readonly #room: { pool: PoolUsage; origin: OriginUsage; readonly caps: Caps };

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#room = { pool: this.usage.remote, origin: this.usage.origin(undefined), caps: options.caps };
  }

  storedValue(key: Uint8Array): ValueEntry | undefined {
    return this.values.get(this.#newText(key));
  }

  /** Of a key that is asked for first: what is done with it next needs the text again. */
  #newText(key: Uint8Array): string {
    this.#lastKey = key;
    this.#lastText = this.#options.keyText(key);
    return this.#lastText;
  }

  /** In the turn of the event loop in which the key was asked for: later its bytes may be others. */
  #textOf(key: Uint8Array): string {
    return key === this.#lastKey ? this.#lastText : this.#options.keyText(key);
  }

  room(owner: Owner): Room {
    this.#room.pool = this.usage.pool(owner);
    this.#room.origin = this.usage.origin(owner.origin);
    return this.#room;
  }

  writeValue({ outcome, candidate, owner, expires, bytes }: ValueChange, stored: StoredValue | undefined): void {
    const { own } = this.#options;
    if (stored === undefined) {
      const text = this.#textOf(candidate.key);
      const { value, rank, storedAt } = candidate;
      const entry: ValueEntry = {
        kind: 'value',
        text,
        key: candidate.given ? plainBytes(candidate.key) : own(candidate.key),
        value,
        slab: undefined,
        publisher: this.#publisherOf(candidate),
        // A validator may have taken it from the caller's bytes.
        rank: rank === undefined ? undefined : own(rank),
        expires,
        storedAt,
        bytes,
        local: owner.local,
        origin: owner.origin,
        heapAt: -1,
        heapKey: 0,
      };
      this.#keep(entry, candidate);
      this.values.set(text, entry);
      this.#arrived(entry);
      if (this.#memory.isWasteful) this.#evacuate();
      return;
    }
    const entry = stored as ValueEntry;
    const moved = owner.local !== entry.local || owner.origin !== entry.origin;
    if (moved) this.#left(entry);
    else if (bytes !== entry.bytes) {
      this.usage.count('value', entry, entry.bytes, -1);
      this.usage.count('value', entry, bytes, 1);
    }
    if (outcome !== 'refreshed' || owner === candidate) {
      if (outcome !== 'refreshed') this.#keep(entry, candidate);
      entry.publisher = this.#publisherOf(candidate);
      entry.rank = candidate.rank === undefined ? undefined : own(candidate.rank);
    }
    entry.expires = expires;
    entry.storedAt = candidate.storedAt;
    entry.bytes = bytes;
    if (moved) {
      entry.local = owner.local;
      entry.origin = owner.origin;
      this.#arrived(entry);
    } else this.#expiryChanged(entry);
    if (this.#memory.isWasteful) this.#evacuate();
  }

  situation(candidate: StoredProvider): ProviderSituation {
    const list = this.lists.get(this.#newText(candidate.key));
    if (list === undefined) return { stored: undefined, count: 0 };
    if (candidate.local) return { stored: list.local, count: list.local === undefined ? 0 : 1 };
    return { stored: find(list, candidate.provider), count: list.remote.length };
  }

  incumbents(key: Uint8Array): readonly ProviderEntry[] {
    return this.lists.get(this.#textOf(key))?.remote ?? [];
  }

  writeProvider(candidate: StoredProvider, stored: StoredProvider | undefined): void {
    const { own } = this.#options;
    const { expires, storedAt, bytes, addresses, origin, local } = candidate;
    if (stored !== undefined) {
      const entry = stored as ProviderEntry;
      this.usage.count('provider', entry, entry.bytes, -1);
      this.#origins.remove(entry);
      Object.assign(entry, { expires, storedAt, bytes, origin, addresses: [...addresses] });
      this.usage.count('provider', entry, bytes, 1);
      this.#origins.add(entry);
      this.#heaps.provider[local ? 'local' : 'remote'].file(entry);
      return;
    }
    const text = this.#textOf(candidate.key);
    let list = this.lists.get(text);
    if (list === undefined) this.lists.set(text, (list = { key: own(candidate.key), text, remote: [], local: undefined }));
    const entry: ProviderEntry = {
      kind: 'provider',
      list,
      key: list.key,
      provider: own(candidate.provider),
      addresses: [...addresses],
      expires,
      storedAt,
      bytes,
      local,
      origin,
      // Rows that are read back bring theirs.
      position: candidate.position > 0 ? candidate.position : (list.remote.at(-1)?.position ?? 0) + 1,
      heapAt: -1,
      heapKey: 0,
    };
    if ((local ? list.local : list.remote[0]) === undefined) this.usage.pool(entry).providedKeys += 1;
    if (local) {
      list.local = entry;
      this.provided.add(entry);
    } else list.remote.push(entry);
    this.#arrived(entry);
  }

  dropProvider(provider: StoredProvider): void {
    this.#options.evicted(provider as ProviderEntry, 'replaced');
    this.remove(provider as ProviderEntry);
  }

  reclaim(step: Step, owner: Owner, key: Uint8Array, now: number): boolean {
    const expired = this.#expiredIn(step, owner, key, now);
    for (const entry of expired) {
      this.#options.evicted(entry, 'expired');
      this.remove(entry);
    }
    return expired.length > 0;
  }

  /** The provider's record of this key. */
  provider(key: Uint8Array, provider: Uint8Array): ProviderEntry | undefined {
    const list = this.lists.get(this.#options.keyText(key));
    if (list === undefined) return undefined;
    return list.local !== undefined && equalBytes(list.local.provider, provider) ? list.local : find(list, provider);
  }

  /** Takes in what was stored before. Afterwards `sortProviders`. */
  restore(stored: StoredValue | StoredProvider): void {
    if ('provider' in stored) this.writeProvider(stored, undefined);
    else this.writeValue({ outcome: 'inserted', candidate: { ...stored, ifVersion: undefined, given: false }, owner: stored, expires: stored.expires, bytes: stored.bytes }, undefined);
  }

  /** Gives an entry a value without copying it. */
  lend(entry: ValueEntry, value: Uint8Array): void {
    this.#memory.release(entry);
    entry.value = value;
  }

  /** Puts the providers of every key into the order in which they came. */
  sortProviders(): void {
    for (const { remote } of this.lists.values()) remote.sort((one, other) => one.position - other.position);
  }

  /** All providers of a key: this node first, then the others as they came. */
  providersOf(key: Uint8Array): ProviderEntry[] {
    const list = this.lists.get(this.#options.keyText(key));
    if (list === undefined) return [];
    return list.local === undefined ? [...list.remote] : [list.local, ...list.remote];
  }

  /** Bytes of shared memory that values keep alive. */
  get heldBytes(): number {
    return this.#memory.heldBytes;
  }

  /** Forgets everything. */
  clear(): void {
    this.#evacuating = undefined;
    this.values.clear();
    this.lists.clear();
    this.provided.clear();
  }

  /** Takes an entry out. */
  remove(entry: LedgerEntry): void {
    if (entry.kind === 'value') {
      this.values.delete(entry.text);
      this.#memory.release(entry);
    } else {
      const { list } = entry;
      if (entry.local) {
        list.local = undefined;
        this.provided.delete(entry);
      } else list.remote.splice(list.remote.indexOf(entry), 1);
      if ((entry.local ? list.local : list.remote[0]) === undefined) this.usage.pool(entry).providedKeys -= 1;
      if (list.local === undefined && list.remote.length === 0) this.lists.delete(list.text);
    }
    this.#left(entry);
  }

  /** An entry that is expired, of any class. */
  firstExpired(now: number): LedgerEntry | undefined {
    const { value, provider } = this.#heaps;
    return value.remote.expired(now) ?? provider.remote.expired(now) ?? value.local.expired(now) ?? provider.local.expired(now);
  }

  #expiredIn(step: Step, owner: Owner, key: Uint8Array, now: number): LedgerEntry[] {
    if (step === 'reclaim-origin') return owner.origin === undefined ? [] : this.#origins.expired(owner.origin, now);
    if (step === 'reclaim-key') return this.incumbents(key).filter((entry) => entry.expires <= now);
    const side = owner.local ? 'local' : 'remote';
    const heaps = step === 'reclaim-records' ? [this.#heaps.value[side]] : step === 'reclaim-providers' ? [this.#heaps.provider[side]] : [this.#heaps.value[side], this.#heaps.provider[side]];
    const expired: LedgerEntry[] = [];
    for (const heap of heaps) {
      for (let entry = heap.expired(now); entry !== undefined && expired.length < RECLAIM_CHUNK; entry = heap.expired(now)) {
        heap.remove(entry);
        expired.push(entry);
      }
    }
    return expired;
  }

  /** Moves some values out of slabs that are mostly empty; the next writes go on where it stopped. */
  #evacuate(): void {
    this.#evacuating ??= this.values.values();
    for (let moved = 0; moved < EVACUATED_PER_WRITE; moved++) {
      const { value: entry, done } = this.#evacuating.next() as IteratorResult<ValueEntry, undefined>;
      if (done === true) {
        this.#evacuating = undefined;
        return;
      }
      if (this.#memory.isSparse(entry)) this.#memory.put(entry, entry.value);
    }
  }

  #keep(entry: ValueEntry, { value, given }: ValueCandidate): void {
    if (given) this.lend(entry, plainBytes(value));
    else this.#memory.put(entry, value);
  }

  #publisherOf({ publisher, given }: ValueCandidate): Uint8Array | undefined {
    if (publisher === undefined) return undefined;
    return given ? plainBytes(publisher) : this.#options.own(publisher);
  }

  #arrived(entry: LedgerEntry): void {
    this.usage.count(entry.kind, entry, entry.bytes, 1);
    this.#heaps[entry.kind][entry.local ? 'local' : 'remote'].file(entry);
    this.#origins.add(entry);
  }

  #left(entry: LedgerEntry): void {
    this.usage.count(entry.kind, entry, entry.bytes, -1);
    this.#heaps[entry.kind][entry.local ? 'local' : 'remote'].remove(entry);
    this.#origins.remove(entry);
  }

  #expiryChanged(entry: LedgerEntry): void {
    this.#heaps[entry.kind][entry.local ? 'local' : 'remote'].file(entry);
    this.#origins.expiryChanged(entry);
  }
}

function find(list: ProviderList, provider: Uint8Array): ProviderEntry | undefined {
  for (const entry of list.remote) if (equalBytes(entry.provider, provider)) return entry;
  return undefined;
}

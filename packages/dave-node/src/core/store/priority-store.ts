import { datDigest, encodeEntryInto, entrySize, type Dat, type Entry } from '@p2p/dave-wire';
import type { AdmitOutcome, AdmitRefusal, DatStore } from './dat-store.ts';
import { sample, scan } from './entry-walk.ts';
import { closeness, idWords, priorityAt, type IdWords } from './priority.ts';
import { accountedBytes, MAX_ENTRY_BYTES, SLOT_MASK } from './record-layout.ts';
import { Records, refOf, SHARDS } from './records.ts';
import type { Shard } from './shard.ts';
import { MAX_SLAB_BYTES } from './slab.ts';
import { Victims } from './victims.ts';

/** Largest capacity of one shard: 256 of them fill what the store can address, a little under 64 GiB. */
export const MAX_SHARD_CAPACITY_BYTES: number = Math.floor(MAX_SLAB_BYTES / SHARDS / 2 ** 20) * 2 ** 20;

export interface PriorityStoreOptions {
  /** Our peer id: entries of authors near it have priority. */
  selfId: bigint;
  /** Accounted bytes per shard, 0 to `MAX_SHARD_CAPACITY_BYTES`. Memory is taken as it is used. */
  shardCapacityBytes: number;
  /** Life of a dat from its time on, above 0. */
  ttlMs: number;
  /** 16 random bytes of this process: where entries are filed must not be predictable. */
  hashSecret: Uint8Array;
}

/** Where a dat would go. */
interface Place {
  shardIndex: number;
  /** The entry that is replaced, or -1. */
  ref: number;
  closeness: number;
  /** Whether victims are chosen and wait for `commit` or `cancel`. */
  victims: boolean;
}

/**
 * The store of a node: 256 shards in memory, each of which keeps the entries of highest priority,
 * (1 - distance between us and the author / 2⁶⁴) × time left. Entries are encoded in slabs; tables
 * of numbers find them by (publicKey, key) and by signature.
 *
 * Shards are data, not threads: everything happens at once on the caller's thread. Inserting costs
 * O(log n) of one shard; no step takes longer than a pass over the tables of one shard.
 *
 * @example
 * const store = new PriorityStore({ selfId, shardCapacityBytes: 2 ** 20, ttlMs: TTL_MS, hashSecret: random.bytes(16) });
 * store.admit(entry, clock.now());
 */
export class PriorityStore implements DatStore {
  onEvicted: ((dat: Dat, reason: 'capacity' | 'expired') => void) | undefined = undefined;
  readonly capacityBytes: number;
  readonly #shardCapacityBytes: number;
  readonly #ttlMs: number;
  readonly #self: IdWords;
  readonly #records: Records;
  readonly #victims: Victims = new Victims();
  readonly #scratch: Uint8Array = new Uint8Array(MAX_ENTRY_BYTES);
  #sweepShard = 0;

  /** @throws TypeError for options out of bounds. */
  constructor(options: PriorityStoreOptions) {
    const { selfId, shardCapacityBytes, ttlMs, hashSecret } = options;
    if (!Number.isSafeInteger(shardCapacityBytes) || shardCapacityBytes < 0 || shardCapacityBytes > MAX_SHARD_CAPACITY_BYTES) {
      throw new TypeError(`shardCapacityBytes is ${shardCapacityBytes}: pass a whole number from 0 to ${MAX_SHARD_CAPACITY_BYTES}.`);
    }
    if (!(ttlMs > 0) || !Number.isFinite(ttlMs)) throw new TypeError(`ttlMs is ${ttlMs}: pass a number above 0.`);
    this.capacityBytes = SHARDS * shardCapacityBytes;
    this.#shardCapacityBytes = shardCapacityBytes;
    this.#ttlMs = ttlMs;
    this.#self = idWords(selfId);
    this.#records = new Records(hashSecret, ttlMs);
  }

  get count(): number {
    return this.#records.count;
  }

  get usedBytes(): number {
    return this.#records.usedBytes;
  }

  /** Bytes of memory pages that hold encoded entries; tables come on top. */
  get slabBytes(): number {
    return this.#records.slabBytes;
  }

  preview(dat: Dat, nowMs: number): AdmitRefusal | undefined {
    const place = this.#decide(dat, entrySize({ dat, replicas: [] }), nowMs);
    if ('outcome' in place) return place;
    if (place.victims) this.#victims.cancel(this.#records.shardAt(place.shardIndex).heap, nowMs);
    return undefined;
  }

  admit(entry: Entry, nowMs: number): AdmitOutcome {
    const { dat } = entry;
    const entryBytes = entrySize(entry);
    if (entryBytes > MAX_ENTRY_BYTES) return { outcome: 'no-room' };
    // Before anything is decided: what cannot be encoded throws here.
    const encoded = this.#scratch.subarray(0, encodeEntryInto(entry, this.#scratch));
    const place = this.#decide(dat, entryBytes, nowMs);
    if ('outcome' in place) return place;

    const evicted: Dat[] = [];
    const expired: Dat[] = [];
    let evictedCount = 0;
    if (place.victims) {
      const shard = this.#records.shardAt(place.shardIndex);
      this.#victims.commit(shard.heap, nowMs);
      for (let at = 0; at < this.#victims.count; at++) {
        const ref = refOf(place.shardIndex, this.#victims.slots[at]!);
        if (this.onEvicted !== undefined) (this.#isExpired(ref, nowMs) ? expired : evicted).push(this.#records.entryAt(ref).dat);
        this.#records.erase(ref);
        evictedCount++;
      }
    }
    const expiresMs = dat.time + this.#ttlMs;
    if (place.ref < 0) this.#records.insert(encoded, place.closeness, expiresMs);
    else this.#records.replace(place.ref, encoded, expiresMs);
    // Last of all: a listener may change the store.
    for (const leaver of expired) this.onEvicted?.(leaver, 'expired');
    for (const leaver of evicted) this.onEvicted?.(leaver, 'capacity');
    return { outcome: place.ref < 0 ? 'inserted' : 'updated', evicted: evictedCount };
  }

  get(publicKey: Uint8Array, key: string, nowMs: number): Entry | undefined {
    const ref = this.#records.find(publicKey, key);
    return ref < 0 || this.#isExpired(ref, nowMs) ? undefined : this.#records.entryAt(ref);
  }

  getEncoded(publicKey: Uint8Array, key: string, nowMs: number): Uint8Array | undefined {
    const ref = this.#records.find(publicKey, key);
    return ref < 0 || this.#isExpired(ref, nowMs) ? undefined : this.#records.encodedAt(ref);
  }

  remove(publicKey: Uint8Array, key: string): boolean {
    const ref = this.#records.find(publicKey, key);
    if (ref < 0) return false;
    this.#records.erase(ref);
    return true;
  }

  scan(cursor: number, limit: number, nowMs: number): { entries: Entry[]; cursor: number | undefined } {
    return scan(this.#records, cursor, limit, nowMs);
  }

  sample(randomFloat: () => number, nowMs: number): Entry | undefined {
    return sample(this.#records, randomFloat, nowMs);
  }

  sweepExpired(limit: number, nowMs: number): number {
    if (!(limit >= 1)) throw new TypeError(`limit is ${limit}: pass at least 1.`);
    const leavers: Dat[] = [];
    const slots: number[] = [];
    let removed = 0;
    for (let visited = 0; visited < SHARDS && removed < limit; visited++) {
      const shardIndex = this.#sweepShard;
      slots.length = 0;
      this.#records.shards[shardIndex]?.heap.collectExpired(nowMs, limit - removed, slots);
      for (const slot of slots) {
        const ref = refOf(shardIndex, slot);
        if (this.onEvicted !== undefined) leavers.push(this.#records.entryAt(ref).dat);
        this.#records.erase(ref);
      }
      removed += slots.length;
      // A shard that filled the limit may hold more: the next call starts there.
      if (removed < limit) this.#sweepShard = (shardIndex + 1) % SHARDS;
    }
    for (const leaver of leavers) this.onEvicted?.(leaver, 'expired');
    return removed;
  }

  /** Where a dat would go; or why it may not. Victims, where it needs them, wait for `commit` or `cancel`. */
  #decide(dat: Dat, entryBytes: number, nowMs: number): AdmitRefusal | Place {
    const expiresMs = dat.time + this.#ttlMs;
    if (expiresMs <= nowMs) return { outcome: 'expired' };
    const records = this.#records;
    const newBytes = accountedBytes(entryBytes);
    const ref = records.find(dat.publicKey, dat.key);
    const refusal = ref < 0 ? undefined : this.#compare(dat, ref);
    if (refusal !== undefined) return refusal;
    const sameSignature = records.findSignature(dat.signature);
    if (sameSignature >= 0 && sameSignature !== ref) return { outcome: 'signature-reused' };
    if (newBytes > this.#shardCapacityBytes || entryBytes > MAX_ENTRY_BYTES) return { outcome: 'no-room' };

    const shardIndex = records.foundShard;
    const shard = records.shards[shardIndex];
    const near = closeness(this.#self, dat.publicKey, 0);
    if (shard === undefined) return { shardIndex, ref, closeness: near, victims: false };
    if (ref < 0 && !shard.hasSlot) return { outcome: 'no-room' };
    // An update frees its old bytes first.
    const oldBytes = ref < 0 ? 0 : records.accountedAt(ref);
    const neededBytes = shard.usedBytes - oldBytes + newBytes - this.#shardCapacityBytes;
    if (neededBytes > 0 && !this.#chooseVictims(shard, shardIndex, neededBytes, priorityAt(near, expiresMs, nowMs), ref, nowMs)) {
      return { outcome: 'no-room' };
    }
    return { shardIndex, ref, closeness: near, victims: neededBytes > 0 };
  }

  #chooseVictims(shard: Shard, shardIndex: number, neededBytes: number, newcomer: number, replaced: number, nowMs: number): boolean {
    const bytesOf = (slot: number): number => this.#records.accountedAt(refOf(shardIndex, slot));
    if (this.#victims.select(shard.heap, nowMs, neededBytes, newcomer, replaced < 0 ? -1 : replaced & SLOT_MASK, bytesOf)) return true;
    this.#victims.cancel(shard.heap, nowMs);
    return false;
  }

  /** Newer time wins, then the greater digest. */
  #compare(dat: Dat, ref: number): AdmitRefusal | undefined {
    const records = this.#records;
    const time = records.timeAt(ref);
    if (time > dat.time) return { outcome: 'older' };
    if (time < dat.time) return undefined;
    if (records.hasSignature(ref, dat.signature)) return { outcome: 'duplicate' };
    const stored = datDigest(records.entryAt(ref).dat);
    const offered = datDigest(dat);
    for (let at = 0; at < stored.length; at++) {
      if (offered[at] !== stored[at]) return offered[at]! > stored[at]! ? undefined : { outcome: 'older' };
    }
    return { outcome: 'duplicate' };
  }

  #isExpired(ref: number, nowMs: number): boolean {
    return this.#records.timeAt(ref) + this.#ttlMs <= nowMs;
  }
}

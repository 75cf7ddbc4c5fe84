import { decodeEntry, type Entry } from '@p2p/dave-wire';
import { CopyPool } from './copy-pool.ts';
import { LookupHash } from './lookup-hash.ts';
import {
  accountedBytes,
  ENTRY,
  entryBytesAt,
  hasSignature,
  isFiledUnder,
  MAX_RECORD_BYTES,
  REPLICAS_BYTES,
  setTag,
  SIGNATURE,
  SLOT_BITS,
  SLOT_MASK,
  tagAt,
  timeAt,
} from './record-layout.ts';
import { RefTable } from './ref-table.ts';
import { Shard } from './shard.ts';
import { Slab } from './slab.ts';

/** Shards of a store. */
export const SHARDS = 256;

/**
 * Encoded entries in slabs, found by (publicKey, key) and by signature; no policy. An entry is named
 * by its ref, shard × 2²⁴ + slot, which stays the same as long as the entry lives.
 */
export class Records {
  count = 0;
  /** Accounted. */
  usedBytes = 0;
  readonly shards: (Shard | undefined)[] = Array.from({ length: SHARDS }, () => undefined);
  readonly #ttlMs: number;
  readonly #hash: LookupHash;
  readonly #slab: Slab;
  readonly #copies: CopyPool = new CopyPool();
  /** From the tag of a signature to refs; split like the shards, so that none grows in one long step. */
  readonly #signatures: (RefTable | undefined)[] = Array.from({ length: SHARDS }, () => undefined);
  /** Where the signature that `findSignature` was last asked for is filed. */
  #wantedShard = 0;
  #wantedTag = 0;

  constructor(hashSecret: Uint8Array, ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.#hash = new LookupHash(hashSecret);
    this.#slab = new Slab(MAX_RECORD_BYTES, (ref, address) => {
      this.#shard(ref).setAddress(ref & SLOT_MASK, address);
    });
  }

  /** Bytes of the slabs' pages; tables come on top. */
  get slabBytes(): number {
    return this.#slab.allocatedBytes;
  }

  /** The shard of the key that `find` was last asked for. */
  get foundShard(): number {
    return this.#hash.shard;
  }

  /** The entry of an author's key, or -1. */
  find(publicKey: Uint8Array, key: string): number {
    const hash = this.#hash;
    if (!hash.key(publicKey, key)) return -1;
    const shard = this.shards[hash.shard];
    if (shard === undefined) return -1;
    const { table } = shard;
    for (let row = table.first(hash.tag); row >= 0; row = table.next(row, hash.tag)) {
      const slot = table.ref(row);
      const address = shard.address(slot);
      if (isFiledUnder(this.#slab.view(address), this.#slab.offset(address), hash.view, hash.length)) return refOf(hash.shard, slot);
    }
    return -1;
  }

  /** The entry that has this signature, or -1. */
  findSignature(signature: Uint8Array): number {
    const hash = this.#hash;
    hash.signature(signature, 0);
    this.#wantedShard = hash.signatureShard;
    this.#wantedTag = hash.signatureTag;
    const table = this.#signatures[this.#wantedShard];
    if (table === undefined) return -1;
    for (let row = table.first(this.#wantedTag); row >= 0; row = table.next(row, this.#wantedTag)) {
      const ref = table.ref(row);
      if (this.hasSignature(ref, signature)) return ref;
    }
    return -1;
  }

  /** Stores an entry under the key and the signature that `find` and `findSignature` were last asked for. */
  insert(encoded: Uint8Array, closeness: number, expiresMs: number): void {
    const { shard: shardIndex, tag } = this.#hash;
    const shard = this.shardAt(shardIndex);
    const slot = shard.takeSlot();
    const address = this.#slab.allocate(ENTRY + encoded.length, refOf(shardIndex, slot));
    shard.setAddress(slot, address);
    const record = this.#slab.offset(address);
    setTag(this.#slab.view(address), record, tag);
    this.#slab.page(address).set(encoded, record + ENTRY);
    shard.table.add(tag, slot);
    shard.heap.push(slot, closeness, expiresMs);
    this.#fileSignature(refOf(shardIndex, slot));
    this.#account(shard, accountedBytes(encoded.length));
    this.count++;
  }

  /** Puts a newer encoding, under the signature that `findSignature` was last asked for, in the place of an entry. Keeps its replica list. */
  replace(ref: number, encoded: Uint8Array, expiresMs: number): void {
    const shard = this.#shard(ref);
    const slot = ref & SLOT_MASK;
    this.#unfileSignature(ref);
    const old = this.encodedAt(ref);
    const tag = tagAt(this.#view(ref), this.#record(ref));
    encoded.set(old.subarray(0, REPLICAS_BYTES));
    this.#account(shard, accountedBytes(encoded.length) - accountedBytes(old.length));
    if (!this.#slab.sameCell(ENTRY + old.length, ENTRY + encoded.length)) {
      this.#slab.free(shard.address(slot), ENTRY + old.length);
      shard.setAddress(slot, this.#slab.allocate(ENTRY + encoded.length, ref));
      setTag(this.#view(ref), this.#record(ref), tag);
    }
    this.#page(ref).set(encoded, this.#record(ref) + ENTRY);
    shard.heap.update(slot, expiresMs);
    this.#fileSignature(ref);
  }

  /** Takes an entry out. */
  erase(ref: number): void {
    const shard = this.#shard(ref);
    const slot = ref & SLOT_MASK;
    this.#unfileSignature(ref);
    const view = this.#view(ref);
    const record = this.#record(ref);
    const entryBytes = entryBytesAt(view, record);
    shard.table.remove(tagAt(view, record), slot);
    // Victims have left the heap before.
    if (shard.heap.has(slot)) shard.heap.remove(slot);
    this.#slab.free(shard.address(slot), ENTRY + entryBytes);
    shard.releaseSlot(slot);
    this.#account(shard, -accountedBytes(entryBytes));
    this.count--;
    if (shard.table.size === 0) this.shards[ref >>> SLOT_BITS] = undefined;
  }

  /** A shard, made when it is first needed. */
  shardAt(index: number): Shard {
    return (this.shards[index] ??= new Shard(this.#ttlMs));
  }

  /** A view of the encoded entry, valid until the next change. */
  encodedAt(ref: number): Uint8Array {
    const view = this.#view(ref);
    const record = this.#record(ref);
    return new Uint8Array(view.buffer, record + ENTRY, entryBytesAt(view, record));
  }

  /** A copy of the entry; its bytes may share a buffer with other copies. */
  entryAt(ref: number): Entry {
    const page = this.#page(ref);
    const start = this.#record(ref) + ENTRY;
    return decodeEntry(this.#copies.copy(page, start, start + entryBytesAt(this.#view(ref), start - ENTRY)));
  }

  timeAt(ref: number): number {
    return timeAt(this.#view(ref), this.#record(ref));
  }

  accountedAt(ref: number): number {
    return accountedBytes(entryBytesAt(this.#view(ref), this.#record(ref)));
  }

  hasSignature(ref: number, signature: Uint8Array): boolean {
    return hasSignature(this.#view(ref), this.#record(ref), signature);
  }

  #shard(ref: number): Shard {
    return this.shards[ref >>> SLOT_BITS]!;
  }

  #page(ref: number): Uint8Array {
    return this.#slab.page(this.#shard(ref).address(ref & SLOT_MASK));
  }

  #view(ref: number): DataView {
    return this.#slab.view(this.#shard(ref).address(ref & SLOT_MASK));
  }

  #record(ref: number): number {
    return this.#slab.offset(this.#shard(ref).address(ref & SLOT_MASK));
  }

  #fileSignature(ref: number): void {
    (this.#signatures[this.#wantedShard] ??= new RefTable()).add(this.#wantedTag, ref);
  }

  #unfileSignature(ref: number): void {
    const hash = this.#hash;
    hash.signature(this.#page(ref), this.#record(ref) + SIGNATURE);
    const table = this.#signatures[hash.signatureShard]!;
    table.remove(hash.signatureTag, ref);
    if (table.size === 0) this.#signatures[hash.signatureShard] = undefined;
  }

  #account(shard: Shard, bytes: number): void {
    shard.usedBytes += bytes;
    this.usedBytes += bytes;
  }
}

export function refOf(shardIndex: number, slot: number): number {
  return ((shardIndex << SLOT_BITS) | slot) >>> 0;
}

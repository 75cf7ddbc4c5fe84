import type { Entry } from '@p2p/dave-wire';
import { SLOT_BITS } from './record-layout.ts';
import { refOf, SHARDS, type Records } from './records.ts';

/** A scan looks at no more than this many slots per entry asked for, so that empty ones cannot hold it up. */
const SLOTS_PER_ENTRY = 16;
const SAMPLE_TRIES = 32;

/** Goes on with a walk over all live entries, by slots: those stay with an entry through changes. See `DatStore.scan`. */
export function scan(records: Records, cursor: number, limit: number, nowMs: number): { entries: Entry[]; cursor: number | undefined } {
  if (!Number.isSafeInteger(cursor) || cursor < 0) throw new TypeError(`cursor is ${cursor}: pass 0 or what scan returned.`);
  if (!(limit >= 1)) throw new TypeError(`limit is ${limit}: pass at least 1.`);
  const entries: Entry[] = [];
  let slotsLeft = limit * SLOTS_PER_ENTRY;
  let shardIndex = Math.floor(cursor / 2 ** SLOT_BITS);
  let slot = cursor % 2 ** SLOT_BITS;
  for (; shardIndex < SHARDS; shardIndex++, slot = 0) {
    const shard = records.shards[shardIndex];
    const slotEnd = shard?.slotEnd ?? 0;
    for (; slot < slotEnd; slot++) {
      if (entries.length >= limit || slotsLeft <= 0) return { entries, cursor: shardIndex * 2 ** SLOT_BITS + slot };
      slotsLeft--;
      if (shard!.heap.has(slot) && shard!.heap.expiresOf(slot) > nowMs) entries.push(records.entryAt(refOf(shardIndex, slot)));
    }
  }
  return { entries, cursor: undefined };
}

/** A uniformly random live entry. */
export function sample(records: Records, randomFloat: () => number, nowMs: number): Entry | undefined {
  for (let tries = 0; tries < SAMPLE_TRIES && records.count > 0; tries++) {
    const place = nthPlace(records, Math.floor(randomFloat() * records.count));
    const { heap } = records.shards[place.shardIndex]!;
    if (heap.expiresAt(place.place) > nowMs) return records.entryAt(refOf(place.shardIndex, heap.slotAt(place.place)));
  }
  // Nearly all are expired, or there is nothing: look at each, and be exact all the same.
  const live: number[] = [];
  for (const [shardIndex, shard] of records.shards.entries()) {
    if (shard === undefined) continue;
    for (let place = 0; place < shard.count; place++) {
      if (shard.heap.expiresAt(place) > nowMs) live.push(refOf(shardIndex, shard.heap.slotAt(place)));
    }
  }
  return live.length === 0 ? undefined : records.entryAt(live[Math.floor(randomFloat() * live.length)]!);
}

function nthPlace(records: Records, index: number): { shardIndex: number; place: number } {
  let place = index;
  for (let shardIndex = 0; ; shardIndex++) {
    const count = records.shards[shardIndex]?.count ?? 0;
    if (place < count) return { shardIndex, place };
    place -= count;
  }
}

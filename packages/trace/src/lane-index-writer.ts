import { AT_PEER, AT_TRACE } from './event-layout.ts';
import { hashA, hashB } from './id-hash.ts';
import type { LogCore } from './log-core.ts';
import { planLaneIndex, TIME_BLOCK_F64, TIME_BLOCK_SLOTS } from './memory-plan.ts';

const BLOCK_SHIFT = 31 - Math.clz32(TIME_BLOCK_SLOTS);

/**
 * Keeps one lane's index. Chains run through the slots, newest first: a bucket holds the commit word of its newest
 * event, and each slot that of the event before. A link is good while its slot still holds that very event, so
 * overwriting a slot trims every chain through it, and there is nothing to free.
 *
 * One thread writes a lane's index. Where threads share a lane the index is not in order, and readers leave it aside.
 */
export class LaneIndexWriter {
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #mask: number;
  readonly #traceHeadsAt: number;
  readonly #tracePrevAt: number;
  readonly #peerHeadsAt: number;
  readonly #peerPrevAt: number;
  readonly #timesAt: number;
  readonly #bloomAt: number;
  readonly #bloomWords: number;
  readonly #bloomMask: number;
  readonly #laneShift: number;

  constructor(core: LogCore) {
    const { plan } = core;
    const index = planLaneIndex(plan, core.lane);
    this.#i32 = core.i32;
    this.#f64 = core.f64;
    this.#mask = plan.laneSlots - 1;
    this.#traceHeadsAt = index.traceHeadsAt;
    this.#tracePrevAt = index.tracePrevAt;
    this.#peerHeadsAt = index.peerHeadsAt;
    this.#peerPrevAt = index.peerPrevAt;
    this.#timesAt = index.timesAtF64;
    this.#bloomAt = index.bloomAt;
    this.#bloomWords = plan.bloomBits / 32;
    this.#bloomMask = plan.bloomBits - 1;
    this.#laneShift = 31 - Math.clz32(plan.laneSlots);
  }

  /** Enters the event at word `at`, position `position`, before it is committed. */
  add(at: number, position: number): void {
    const i32 = this.#i32;
    const slot = position & this.#mask;
    const commit = (position + 1) | 0;
    const t0 = i32[at + AT_TRACE]!;
    const t1 = i32[at + AT_TRACE + 1]!;
    const t2 = i32[at + AT_TRACE + 2]!;
    const t3 = i32[at + AT_TRACE + 3]!;
    const generation = this.#bloomAt + ((position >>> this.#laneShift) & 1) * this.#bloomWords;
    // The generation of two laps ago has no event left that it could deny.
    if (slot === 0) i32.fill(0, generation, generation + this.#bloomWords);
    if ((t0 | t1 | t2 | t3) !== 0) {
      const a = hashA(t0, t1, t2, t3);
      const bucket = this.#traceHeadsAt + (a & this.#mask);
      i32[this.#tracePrevAt + slot] = i32[bucket]!;
      i32[bucket] = commit;
      const b = hashB(t0, t1, t2, t3);
      const mask = this.#bloomMask;
      let bit = a & mask;
      i32[generation + (bit >>> 5)]! |= 1 << bit;
      bit = (a + b) & mask;
      i32[generation + (bit >>> 5)]! |= 1 << bit;
      bit = (a + b + b) & mask;
      i32[generation + (bit >>> 5)]! |= 1 << bit;
      bit = (a + b + b + b) & mask;
      i32[generation + (bit >>> 5)]! |= 1 << bit;
    }
    const p0 = i32[at + AT_PEER]!;
    const p1 = i32[at + AT_PEER + 1]!;
    const p2 = i32[at + AT_PEER + 2]!;
    const p3 = i32[at + AT_PEER + 3]!;
    if ((p0 | p1 | p2 | p3) !== 0) {
      const bucket = this.#peerHeadsAt + (hashA(p0, p1, p2, p3) & this.#mask);
      i32[this.#peerPrevAt + slot] = i32[bucket]!;
      i32[bucket] = commit;
    }
    this.#addTime(slot, this.#f64[(at >> 1) + 1]!);
  }

  #addTime(slot: number, timeUs: number): void {
    const f64 = this.#f64;
    const block = this.#timesAt + (slot >> BLOCK_SHIFT) * TIME_BLOCK_F64;
    if ((slot & (TIME_BLOCK_SLOTS - 1)) === 0) {
      // Until it is overwritten the rest of the block is of the lap before.
      f64[block] = f64[block + 2]!;
      f64[block + 1] = f64[block + 3]!;
      f64[block + 2] = timeUs;
      f64[block + 3] = timeUs;
      return;
    }
    if (timeUs < f64[block + 2]!) f64[block + 2] = timeUs;
    if (timeUs > f64[block + 3]!) f64[block + 3] = timeUs;
  }
}

import type { PeerRef, TraceClock } from '@p2p/trace-noop';
import { FLAG_TRUNCATED } from './event-layout.ts';
import { LaneIndexWriter } from './lane-index-writer.ts';
import { LivePeer, type LiveContext } from './live-context.ts';
import type { LogCore } from './log-core.ts';
import { LANE_DROPPED, LANE_HEAD, LANE_LAPS, LANE_TRUNCATED } from './memory-plan.ts';
import { wordAt } from './text-bytes.ts';

/** `begin` found the slot busy: the event is dropped. */
export const DROPPED = -1;

/**
 * Claims slots, writes what all kinds have, and commits. Between `begin` and `commit` the caller writes the
 * 14 words of data.
 */
export class EventWriter {
  readonly core: LogCore;
  readonly i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #clock: TraceClock;
  readonly #shared: boolean;
  readonly #headerAt: number;
  readonly #slotsAt: number;
  readonly #mask: number;
  readonly #node: number;
  readonly #index: LaneIndexWriter | undefined;
  #position = 0;

  constructor(core: LogCore, clock: TraceClock, node: number) {
    this.core = core;
    this.i32 = core.i32;
    this.#f64 = core.f64;
    this.#clock = clock;
    this.#shared = core.shared;
    this.#headerAt = core.laneHeaderAt(core.lane);
    this.#slotsAt = core.laneSlotsAt(core.lane);
    this.#mask = core.plan.laneSlots - 1;
    this.#node = node << 16;
    this.#index = core.plan.indexed ? new LaneIndexWriter(core) : undefined;
  }

  /** Claims the next slot. `flags`: `FLAG_TRUNCATED` or 0. Gives the index of its first word, or `DROPPED`. */
  begin(kind: number, context: LiveContext | undefined, peer: PeerRef, flags: number): number {
    const at = this.#shared ? this.#claimShared() : this.#claim();
    if (at === DROPPED) return DROPPED;
    const i32 = this.i32;
    this.#f64[(at >> 1) + 1] = this.#clock.nowUs();
    if (context === undefined) {
      i32[at + 1] = kind | (flags << 8) | this.#node;
      i32[at + 4] = 0;
      i32[at + 5] = 0;
      i32[at + 6] = 0;
      i32[at + 7] = 0;
      i32[at + 30] = 0;
      i32[at + 31] = 0;
    } else {
      i32[at + 1] = kind | ((flags | context.flags) << 8) | this.#node;
      i32[at + 4] = context.t0;
      i32[at + 5] = context.t1;
      i32[at + 6] = context.t2;
      i32[at + 7] = context.t3;
      i32[at + 30] = context.s0;
      i32[at + 31] = context.s1;
    }
    if (peer instanceof LivePeer) {
      i32[at + 8] = peer.w0;
      i32[at + 9] = peer.w1;
      i32[at + 10] = peer.w2;
      i32[at + 11] = peer.w3;
      i32[at + 12] = peer.w4;
      i32[at + 13] = peer.w5;
      i32[at + 14] = peer.w6;
      i32[at + 15] = peer.w7;
    } else {
      this.#writePeerBytes(at, peer as Uint8Array | undefined);
    }
    if ((flags & FLAG_TRUNCATED) !== 0) Atomics.add(i32, this.#headerAt + LANE_TRUNCATED, 1);
    return at;
  }

  /** Makes the event that `begin` gave visible. */
  commit(at: number): void {
    const position = this.#position;
    if (this.#index !== undefined) this.#index.add(at, position);
    if (this.#shared) Atomics.store(this.i32, at, position + 1);
    else this.i32[at] = position + 1;
  }

  /** The first six words of the data; the others become zero, so that nothing of an older event stays. */
  data(at: number, w0: number, w1: number, w2: number, w3: number, w4: number, w5: number): void {
    const i32 = this.i32;
    i32[at + 16] = w0;
    i32[at + 17] = w1;
    i32[at + 18] = w2;
    i32[at + 19] = w3;
    i32[at + 20] = w4;
    i32[at + 21] = w5;
    i32[at + 22] = 0;
    i32[at + 23] = 0;
    i32[at + 24] = 0;
    i32[at + 25] = 0;
    i32[at + 26] = 0;
    i32[at + 27] = 0;
    i32[at + 28] = 0;
    i32[at + 29] = 0;
  }

  #claim(): number {
    const i32 = this.i32;
    const head = this.#headerAt + LANE_HEAD;
    let position = i32[head]!;
    // Its commit word would be 0, which means busy: this position stays unused.
    if (position === -1) {
      i32[this.#headerAt + LANE_LAPS]! += 1;
      position = 0;
    }
    i32[head] = position + 1;
    this.#position = position;
    return this.#slotsAt + ((position & this.#mask) << 5);
  }

  #claimShared(): number {
    const i32 = this.i32;
    const head = this.#headerAt + LANE_HEAD;
    let position = Atomics.add(i32, head, 1);
    if (position === -1) {
      Atomics.add(i32, this.#headerAt + LANE_LAPS, 1);
      position = Atomics.add(i32, head, 1);
    }
    this.#position = position;
    const at = this.#slotsAt + ((position & this.#mask) << 5);
    const before = Atomics.load(i32, at);
    // Busy: its writer stood still for a lap. Newer: we did. In both cases another event has the slot.
    if (before === 0 || ((position + 1 - before) | 0) <= 0 || Atomics.compareExchange(i32, at, before, 0) !== before) {
      Atomics.add(i32, this.#headerAt + LANE_DROPPED, 1);
      return DROPPED;
    }
    return at;
  }

  #writePeerBytes(at: number, peer: Uint8Array | undefined): void {
    const i32 = this.i32;
    for (let word = 0; word < 8; word += 1) i32[at + 8 + word] = peer === undefined ? 0 : wordAt(peer, word * 4);
  }
}

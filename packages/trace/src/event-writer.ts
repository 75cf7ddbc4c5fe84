import type { PeerRef } from '@p2p/trace-noop';
import { FLAG_TRUNCATED, LONG_KINDS } from './event-layout.ts';
import { LaneIndexWriter } from './lane-index-writer.ts';
import { CutPeer, LivePeer, type LiveContext } from './live-context.ts';
import { NODE_CUT, type LogCore } from './log-core.ts';
import { LANE_DROPPED, LANE_HEAD, LANE_LAPS, LANE_TRUNCATED } from './memory-plan.ts';
import type { StampClock } from './stamp-clock.ts';
import { wordAt } from './text-bytes.ts';

/** `begin` found the slot busy: the event is dropped. */
export const DROPPED = -1;

/*
 * Measured (Node 26, Zen 4, one clock read 35 ns), per event beyond the clock:
 *
 *   26 ns  first form: small methods, all 32 words written
 *   20     everything in one function: V8 stops inlining at 920 bytes of bytecode, and each call left costs 2-3 ns
 *   13     words 20-29 left alone where they are zero already: a store costs little, its bounds check does not
 *
 * Hence `begin` is one long function, has no private methods in it (their brand checks are not free), and what
 * happens seldom is in methods of its own, so that it is not inlined.
 */

/** Claims slots, writes what all kinds have, and commits. Between `begin` and `commit` the caller writes the data. */
export class EventWriter {
  readonly core: LogCore;
  protected readonly i32: Int32Array;
  private readonly f64: Float64Array;
  private readonly clock: StampClock;
  private readonly shared: boolean;
  private readonly headAt: number;
  private readonly slotsAt: number;
  private readonly mask: number;
  /** Where the log is strict, what would be cut is refused before a slot is claimed. */
  private readonly strict: boolean;
  /** Node and, where its id was cut, the flag, as word 1 has them. */
  private readonly node: number;
  private readonly nodeFlags: number;
  private readonly index: LaneIndexWriter | undefined;
  private position = 0;

  constructor(core: LogCore, clock: StampClock, node: number, strict: boolean) {
    this.core = core;
    this.i32 = core.i32;
    this.f64 = core.f64;
    this.clock = clock;
    this.shared = core.shared;
    this.headAt = core.laneHeaderAt(core.lane) + LANE_HEAD;
    this.slotsAt = core.laneSlotsAt(core.lane);
    this.mask = core.plan.laneSlots - 1;
    this.strict = strict;
    this.nodeFlags = (node & NODE_CUT) === 0 ? 0 : FLAG_TRUNCATED;
    this.node = (node << 16) | (this.nodeFlags << 8);
    this.index = core.plan.indexed ? new LaneIndexWriter(core) : undefined;
  }

  /**
   * Claims the next slot. `flags`: `FLAG_TRUNCATED` or 0. Gives the index of its first word, or `DROPPED`. The caller
   * then writes words 16 to 19; words 20 to 29 are zero. Between claim and commit nothing may throw: a slot that stays
   * busy is lost to its log.
   */
  protected begin(kind: number, context: LiveContext | undefined, peer: PeerRef, flags: number): number {
    const i32 = this.i32;
    let at: number;
    if (this.strict) this.requireWhole(peer);
    if (this.shared) {
      at = this.claimShared();
      if (at === DROPPED) return DROPPED;
    } else {
      let position = i32[this.headAt]!;
      if (position === -1) position = this.turn();
      i32[this.headAt] = position + 1;
      this.position = position;
      at = this.slotsAt + ((position & this.mask) << 5);
    }
    if (((LONG_KINDS >>> i32[at + 1]!) & 1) !== 0) this.clearTail(at);
    const cut = flags | this.nodeFlags | this.clock.stamp(this.f64, (at >> 1) + 1);
    if (context === undefined || context === null) {
      this.writeNoContext(at, kind, cut);
    } else {
      i32[at + 1] = kind | ((cut | context.flags) << 8) | this.node;
      i32[at + 4] = context.t0;
      i32[at + 5] = context.t1;
      i32[at + 6] = context.t2;
      i32[at + 7] = context.t3;
      i32[at + 30] = context.s0;
      i32[at + 31] = context.s1;
    }
    this.writePeer(at, peer);
    if (cut !== 0) this.countTruncated();
    return at;
  }

  private writePeer(at: number, peer: PeerRef): void {
    const i32 = this.i32;
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
      this.writePeerBytes(at, peer as Uint8Array | CutPeer | undefined);
    }
  }

  /** Makes the event that `begin` gave visible. */
  protected commit(at: number): void {
    const position = this.position;
    if (this.index !== undefined) this.index.add(at, position);
    if (this.shared) Atomics.store(this.i32, at, position + 1);
    else this.i32[at] = position + 1;
  }

  /** The commit word of position 2³² - 1 would be 0, which means busy: that position stays unused. */
  private turn(): number {
    this.i32[this.headAt - LANE_HEAD + LANE_LAPS]! += 1;
    return 0;
  }

  private claimShared(): number {
    const i32 = this.i32;
    let position = Atomics.add(i32, this.headAt, 1);
    if (position === -1) {
      this.turn();
      position = Atomics.add(i32, this.headAt, 1);
    }
    this.position = position;
    const at = this.slotsAt + ((position & this.mask) << 5);
    const before = Atomics.load(i32, at);
    // Busy: its writer stood still for a lap. Newer: we did. In both cases another event has the slot.
    if (before === 0 || ((position + 1 - before) | 0) <= 0 || Atomics.compareExchange(i32, at, before, 0) !== before) {
      Atomics.add(i32, this.headAt - LANE_HEAD + LANE_DROPPED, 1);
      return DROPPED;
    }
    return at;
  }

  private clearTail(at: number): void {
    // Ten stores: `fill` costs as much as four of them before it begins.
    for (let word = at + 20; word < at + 30; word += 1) this.i32[word] = 0;
  }

  private writeNoContext(at: number, kind: number, flags: number): void {
    const i32 = this.i32;
    i32[at + 1] = kind | (flags << 8) | this.node;
    i32[at + 4] = 0;
    i32[at + 5] = 0;
    i32[at + 6] = 0;
    i32[at + 7] = 0;
    i32[at + 30] = 0;
    i32[at + 31] = 0;
  }

  private writePeerBytes(at: number, peer: Uint8Array | CutPeer | undefined): void {
    const i32 = this.i32;
    if (peer === undefined) {
      for (let word = at + 8; word < at + 16; word += 1) i32[word] = 0;
    } else if (peer instanceof Uint8Array && peer.length === 32) {
      for (let word = 0; word < 8; word += 1) {
        const from = word << 2;
        i32[at + 8 + word] = peer[from]! | (peer[from + 1]! << 8) | (peer[from + 2]! << 16) | (peer[from + 3]! << 24);
      }
    } else {
      this.writeOddPeer(at, peer);
    }
  }

  /** One that is shorter or longer than an id, or none at all. */
  private writeOddPeer(at: number, peer: unknown): void {
    const i32 = this.i32;
    const bytes = peer instanceof CutPeer ? peer.bytes : peer instanceof Uint8Array ? peer : NO_BYTES;
    for (let word = 0; word < 8; word += 1) i32[at + 8 + word] = wordAt(bytes, word * 4);
    if (isWhole(peer)) return;
    const counted = (i32[at + 1]! & (FLAG_TRUNCATED << 8)) !== 0;
    i32[at + 1]! |= FLAG_TRUNCATED << 8;
    // `begin` counts an event that had the flag before.
    if (!counted) this.countTruncated();
  }

  private requireWhole(peer: unknown): void {
    if (!(peer instanceof LivePeer) && !isWhole(peer)) throw new TypeError('Trace event: the peer is no id of at most 32 bytes.');
    if (this.nodeFlags !== 0) throw new TypeError('Trace event: the id of this node did not fit.');
  }

  private countTruncated(): void {
    Atomics.add(this.i32, this.headAt - LANE_HEAD + LANE_TRUNCATED, 1);
  }
}

const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** Whether an event holds all there is of a peer; callers without types give `null` for none. */
function isWhole(peer: unknown): boolean {
  return peer === undefined || peer === null || (peer instanceof Uint8Array && peer.length <= 32);
}

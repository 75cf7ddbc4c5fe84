import type { TraceEvent } from '@p2p/trace-noop';
import { AT_PEER, AT_TIME_F64, AT_TRACE, EVENT_WORDS } from './event-layout.ts';
import type { EventDecoder } from './event-decoder.ts';
import { hashA, hashB } from './id-hash.ts';
import type { LogCore } from './log-core.ts';
import { LANE_HEAD, LANE_LAPS, planLaneIndex, TIME_BLOCK_F64, TIME_BLOCK_SLOTS, type LaneIndexPlan } from './memory-plan.ts';

/** A claimed position that is not written yet is waited for until this many were claimed after it. */
const PATIENCE = 1024;

function holds(copy: Int32Array, at: number, words: Int32Array): boolean {
  for (let word = 0; word < words.length; word += 1) if (copy[at + word] !== words[word]) return false;
  return true;
}

/**
 * Reads one lane while threads write to it. An event counts only if its commit word is the expected one before and
 * after it was copied, so it is neither torn nor of another lap.
 */
export class LaneReader {
  readonly #core: LogCore;
  readonly #decoder: EventDecoder;
  readonly #lane: number;
  readonly #i32: Int32Array;
  readonly #f64: Float64Array;
  readonly #headerAt: number;
  readonly #slotsAt: number;
  readonly #slots: number;
  readonly #mask: number;
  readonly #index: LaneIndexPlan | undefined;

  constructor(core: LogCore, decoder: EventDecoder, lane: number) {
    this.#core = core;
    this.#decoder = decoder;
    this.#lane = lane;
    this.#i32 = core.i32;
    this.#f64 = core.f64;
    this.#headerAt = core.laneHeaderAt(lane);
    this.#slotsAt = core.laneSlotsAt(lane);
    this.#slots = core.plan.laneSlots;
    this.#mask = core.plan.laneSlots - 1;
    this.#index = core.plan.indexed ? planLaneIndex(core.plan, lane) : undefined;
  }

  /** Position of the next event, modulo 2³². */
  get head(): number {
    return Atomics.load(this.#i32, this.#headerAt + LANE_HEAD);
  }

  /** How many of the positions before `head` can hold an event still. */
  held(head: number): number {
    const full = Atomics.load(this.#i32, this.#headerAt + LANE_LAPS) !== 0 || head >>> 0 >= this.#slots;
    return full ? this.#slots : head >>> 0;
  }

  /** All events, or those whose slot passes, and whose copy is right: the slot may have changed in between. */
  scan(into: TraceEvent[], passes?: (at: number) => boolean, isRight?: () => boolean): void {
    const head = this.head;
    for (let position = (head - this.held(head)) | 0; position !== head; position = (position + 1) | 0) {
      const at = this.#at(position);
      if (passes === undefined || passes(at)) this.#take(position, into, isRight);
    }
  }

  trace(words: Int32Array, into: TraceEvent[]): void {
    if (this.#index !== undefined && this.#core.hasOneWriter(this.#lane)) {
      if (!this.#bloomHas(this.#index, words)) return;
      const bucket = this.#index.traceHeadsAt + (hashA(words[0]!, words[1]!, words[2]!, words[3]!) & this.#mask);
      const already = into.length;
      if (this.#walk(bucket, this.#index.tracePrevAt, AT_TRACE, words, into)) return;
      into.length = already;
    }
    const i32 = this.#i32;
    const w0 = words[0]!;
    const from = this.#slotsAt + AT_TRACE;
    const end = this.#slotsAt + this.#slots * EVENT_WORDS;
    const head = this.head;
    const { words: copy } = this.#decoder;
    const isRight = (): boolean => holds(copy, AT_TRACE, words);
    for (let at = from; at < end; at += EVENT_WORDS) {
      if (i32[at] === w0 && this.#equal(at, words)) this.#takeSlot(at - AT_TRACE, head, into, isRight);
    }
  }

  /** Without reading events: false only if no event of this trace is here. */
  mayHave(words: Int32Array): boolean {
    if (this.#index !== undefined && this.#core.hasOneWriter(this.#lane)) return this.#bloomHas(this.#index, words);
    const found: TraceEvent[] = [];
    this.trace(words, found);
    return found.length > 0;
  }

  peer(words: Int32Array, into: TraceEvent[]): void {
    // The index leaves out peers whose first 16 bytes are zero.
    const indexed = (words[0]! | words[1]! | words[2]! | words[3]!) !== 0;
    if (indexed && this.#index !== undefined && this.#core.hasOneWriter(this.#lane)) {
      const bucket = this.#index.peerHeadsAt + (hashA(words[0]!, words[1]!, words[2]!, words[3]!) & this.#mask);
      const already = into.length;
      if (this.#walk(bucket, this.#index.peerPrevAt, AT_PEER, words, into)) return;
      into.length = already;
    }
    const { words: copy } = this.#decoder;
    this.scan(into, (at) => this.#equal(at + AT_PEER, words), () => holds(copy, AT_PEER, words));
  }

  timeRange(fromUs: number, toUs: number, into: TraceEvent[]): void {
    const index = this.#core.hasOneWriter(this.#lane) ? this.#index : undefined;
    const blocks = Math.ceil(this.#slots / TIME_BLOCK_SLOTS);
    const head = this.head;
    const held = this.held(head);
    const writing = (head & this.#mask) / TIME_BLOCK_SLOTS;
    let position = (head - held) | 0;
    while (position !== head) {
      const block = Math.floor((position & this.#mask) / TIME_BLOCK_SLOTS);
      const rest = TIME_BLOCK_SLOTS - (position & (TIME_BLOCK_SLOTS - 1));
      const next = Math.min(rest, (head - position) >>> 0);
      // The block that is being written, and its neighbours, may change under our eyes.
      const distance = Math.abs(block - Math.floor(writing));
      const near = distance <= 1 || distance === blocks - 1;
      if (near || index === undefined || this.#blockMeets(index, block, fromUs, toUs)) this.#timeSlots(position, next, fromUs, toUs, into);
      position = (position + next) | 0;
    }
  }

  /** The newest `count` events at most. */
  recent(count: number, into: TraceEvent[]): void {
    const head = this.head;
    const held = this.held(head);
    let wanted = Math.min(count, held);
    for (let back = 1; back <= held && wanted > 0; back += 1) if (this.#take((head - back) | 0, into)) wanted -= 1;
  }

  /** Events from position `from` on; gives where to go on, and how many are gone. */
  since(from: number | undefined, into: TraceEvent[]): { next: number; missed: number } {
    const head = this.head;
    const held = this.held(head);
    const oldest = (head - held) | 0;
    let position = from === undefined ? oldest : from | 0;
    let missed = 0;
    if (from !== undefined && ((head - position) >>> 0) > held) {
      missed = (oldest - position) >>> 0;
      position = oldest;
    }
    for (; position !== head; position = (position + 1) | 0) {
      // Position 2³² - 1 stays unused.
      if (position === -1 || this.#take(position, into)) continue;
      const commit = Atomics.load(this.#i32, this.#at(position));
      const pending = commit === 0 || ((position + 1 - commit) | 0) > 0;
      if (pending && ((head - position) >>> 0) <= PATIENCE) break;
      missed += 1;
    }
    return { next: position >>> 0, missed };
  }

  #at(position: number): number {
    return this.#slotsAt + (position & this.#mask) * EVENT_WORDS;
  }

  #equal(at: number, words: Int32Array): boolean {
    return holds(this.#i32, at, words);
  }

  #timeSlots(start: number, count: number, fromUs: number, toUs: number, into: TraceEvent[]): void {
    const isRight = (): boolean => this.#decoder.timeUs >= fromUs && this.#decoder.timeUs <= toUs;
    for (let step = 0; step < count; step += 1) {
      const position = (start + step) | 0;
      const timeUs = this.#f64[(this.#at(position) >> 1) + AT_TIME_F64]!;
      if (timeUs >= fromUs && timeUs <= toUs) this.#take(position, into, isRight);
    }
  }

  #blockMeets({ timesAtF64 }: LaneIndexPlan, block: number, fromUs: number, toUs: number): boolean {
    const at = timesAtF64 + block * TIME_BLOCK_F64;
    const f64 = this.#f64;
    return (f64[at]! <= toUs && f64[at + 1]! >= fromUs) || (f64[at + 2]! <= toUs && f64[at + 3]! >= fromUs);
  }

  /** The event of a slot, if it is one of the lane's last `slots`. */
  #takeSlot(at: number, head: number, into: TraceEvent[], isRight: () => boolean): void {
    const commit = Atomics.load(this.#i32, at);
    const age = (head - commit) >>> 0;
    if (commit !== 0 && age < this.#slots) this.#take((commit - 1) | 0, into, isRight);
  }

  /** False: a thread joined the lane meanwhile, so that a link may be missing. */
  #walk(bucket: number, prevAt: number, idAt: number, words: Int32Array, into: TraceEvent[]): boolean {
    let commit = Atomics.load(this.#i32, bucket);
    for (let steps = 0; commit !== 0 && steps < this.#slots; steps += 1) {
      const position = (commit - 1) | 0;
      const at = this.#at(position);
      const previous = Atomics.load(this.#i32, prevAt + (position & this.#mask));
      const taken = this.#equal(at + idAt, words) && this.#take(position, into);
      // Events are linked before they are committed. A slot that has another word is still being written, and its link is
      // good; unless its position was claimed again: then link and slot are another event's, and all older ones are gone.
      if (!taken && Atomics.load(this.#i32, at) !== commit && ((this.head - commit) >>> 0) >= this.#slots) break;
      commit = previous;
    }
    return this.#core.hasOneWriter(this.#lane);
  }

  #bloomHas({ bloomAt }: LaneIndexPlan, words: Int32Array): boolean {
    const { bloomBits } = this.#core.plan;
    const a = hashA(words[0]!, words[1]!, words[2]!, words[3]!);
    const b = hashB(words[0]!, words[1]!, words[2]!, words[3]!);
    for (const generation of [bloomAt, bloomAt + bloomBits / 32]) {
      let all = true;
      for (let hash = 0; hash < 4 && all; hash += 1) {
        const bit = (a + Math.imul(b, hash)) & (bloomBits - 1);
        all = (Atomics.load(this.#i32, generation + (bit >>> 5)) & (1 << bit)) !== 0;
      }
      if (all) return true;
    }
    return false;
  }

  /** Copies and decodes the event at a position; false: it is not there (yet, or any more), or its copy is not right. */
  #take(position: number, into: TraceEvent[], isRight?: () => boolean): boolean {
    const commit = (position + 1) | 0;
    const i32 = this.#i32;
    const at = this.#at(position);
    if (commit === 0 || Atomics.load(i32, at) !== commit) return false;
    const { words } = this.#decoder;
    for (let word = 0; word < EVENT_WORDS; word += 1) words[word] = Atomics.load(i32, at + word);
    if (Atomics.load(i32, at) !== commit || isRight?.() === false) return false;
    const event = this.#decoder.decode(this.#lane);
    if (event !== undefined) into.push(event);
    return true;
  }
}

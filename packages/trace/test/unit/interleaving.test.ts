import { afterEach, describe, expect, test, vi } from 'vitest';
import { attachEventLog, createEventLog, tracePeer, type EventLog, type TraceEvent } from '../../src/index.ts';
import { GivenTime } from '../given-time.ts';
import { afterLoadOf, RawLog } from '../interleaving.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const numbers = (events: readonly TraceEvent[]): number[] => events.map((event) => Number((event as { packetNumber?: bigint }).packetNumber));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);
const oneLane = (options: Parameters<typeof createEventLog>[0] = {}): EventLog => createEventLog({ shared: true, lanes: 1, slots: 64, ...options });
const lose = (log: EventLog, from: number, to: number, context = undefined as ReturnType<EventLog['newTrace']> | undefined): void => {
  for (const n of range(from, to)) log.packetLost(context, undefined, n);
};

describe('an event that is being written', () => {
  test.each([9, 5, 0])('hides no older one from the index (the one at position %i)', (busy) => {
    const log = oneLane({ index: true });
    const peer = tracePeer(Uint8Array.of(7));
    const context = log.newTrace();
    for (const n of range(0, 10)) log.packetLost(context, peer, n);
    const raw = new RawLog(log);
    raw.words[raw.slotAt(busy)] = 0;
    const expected = range(0, 10).filter((n) => n !== busy);
    expect(numbers(log.query.trace(context))).toEqual(expected);
    expect(numbers(log.query.peer(peer))).toEqual(expected);
  });

  test('over an older one ends the search: what is older still is gone', () => {
    const log = oneLane({ index: true });
    const context = log.newTrace();
    lose(log, 0, 64 + 10, context);
    const raw = new RawLog(log);
    // Position 74 was claimed, and its slot, which held 10, is being filled with another trace's event.
    raw.words[raw.headAt()] = 75;
    raw.words[raw.slotAt(10)] = 0;
    expect(numbers(log.query.trace(context))).toEqual(range(11, 74));
  });

  test('a lap that passes between the link and its event gives no event twice', () => {
    const log = oneLane({ index: true });
    const context = log.newTrace();
    lose(log, 0, 64, context);
    const raw = new RawLog(log);
    const state = afterLoadOf(raw.index().tracePrevAt + 40, () => lose(log, 64, 64 + 60, context), 0);
    const found = numbers(log.query.trace(context));
    expect(state.ran).toBe(true);
    expect(found).toEqual(range(found[0]!, 64));
    // A link of the next lap would lead back to events that were given before.
    const other = oneLane({ index: true });
    const mine = other.newTrace();
    lose(other, 0, 64, mine);
    const rawOther = new RawLog(other);
    afterLoadOf(rawOther.slotAt(40), () => lose(other, 64, 64 + 60, mine));
    const seen = numbers(other.query.trace(mine));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.every((n) => n >= 40 && n < 64)).toBe(true);
  });
});

describe('a writer that stood still between looking at a slot and claiming it', () => {
  test('drops its event if another has claimed and filled the slot meanwhile', () => {
    const log = oneLane();
    const other = attachEventLog(log.memory);
    lose(log, 0, 3);
    const raw = new RawLog(log);
    // A lap of the other thread, its slot 3 included, right after ours was found free.
    const state = afterLoadOf(raw.slotAt(3), () => lose(other, 100, 164));
    lose(log, 3, 4);
    expect(state.ran).toBe(true);
    expect(log.stats).toMatchObject({ dropped: 1, written: 67 });
    expect(numbers(log.query.recent(1000))).toEqual(range(100, 164));
  });

  test('drops its event if another is filling the slot', () => {
    const log = oneLane();
    lose(log, 0, 3);
    const raw = new RawLog(log);
    const at = raw.slotAt(3);
    const before = raw.words.slice(at + 1, at + 32);
    afterLoadOf(at, () => Atomics.store(raw.words, at, 0));
    lose(log, 3, 4);
    expect(log.stats).toMatchObject({ dropped: 1, written: 3 });
    // Not a word of the other's event was touched.
    expect(raw.words.slice(at, at + 32)).toEqual(Int32Array.of(0, ...before));
  });
});

describe('a reader', () => {
  /** An event of another trace and peer as `log` writes it, to be put into a slot by hand. */
  const eventWords = (position: number): Int32Array => {
    const donor = oneLane();
    donor.packetLost(donor.newTrace(), new Uint8Array(32).fill(9), 999);
    const raw = new RawLog(donor);
    const words = raw.words.slice(raw.slotAt(0), raw.slotAt(0) + 32);
    words[0] = position + 1;
    return words;
  };

  test('takes no event that was being written when it began to copy, and complete when it was done', () => {
    const log = oneLane();
    lose(log, 0, 6, log.newTrace());
    const raw = new RawLog(log);
    const at = raw.slotAt(3);
    const complete = raw.words.slice(at, at + 32);
    raw.words[at] = 0;
    raw.words.fill(-1, at + 1, at + 32);
    // The commit word alone is not looked at again: half of the copy is of before.
    const state = afterLoadOf(at + 20, () => raw.words.set(complete, at));
    const found = log.query.recent(6);
    expect(state.ran).toBe(false);
    expect(numbers(found)).toEqual([0, 1, 2, 4, 5]);
  });

  test('takes no event that was overwritten while it was copied', () => {
    const log = oneLane();
    lose(log, 0, 6, log.newTrace());
    const raw = new RawLog(log);
    const at = raw.slotAt(3);
    const state = afterLoadOf(at + 5, () => raw.words.set(eventWords(67), at));
    const found = log.query.recent(6);
    expect(state.ran).toBe(true);
    expect(numbers(found)).toEqual([0, 1, 2, 4, 5]);
  });

  test('gives none of another trace or peer that came into the slot after it was looked at', () => {
    const log = oneLane();
    const context = log.newTrace();
    const peer = tracePeer(new Uint8Array(32).fill(1));
    for (const n of range(0, 4)) log.packetLost(context, peer, n);
    const raw = new RawLog(log);
    const at = raw.slotAt(3);
    const kept = raw.words.slice(at, at + 32);
    // The slot looks like ours, its event becomes another's, before its commit word is read.
    const swap = (): void => raw.words.set(eventWords(3), at);
    const { load } = Atomics;
    for (const ask of [() => log.query.trace(context), () => log.query.peer(peer)]) {
      raw.words.set(kept, at);
      Atomics.load = ((words: Int32Array, index: number) => {
        if (index === at) {
          Atomics.load = load;
          swap();
        }
        return load(words, index);
      }) as typeof load;
      try {
        expect(numbers(ask())).toEqual([0, 1, 2]);
      } finally {
        Atomics.load = load;
      }
    }
  });

  test('gives up on a position of a thread that died there, once 1024 were claimed after it', () => {
    const log = createEventLog({ shared: true, lanes: 1, slots: 4096 });
    const raw = new RawLog(log);
    lose(log, 0, 5);
    raw.words[raw.slotAt(2)] = 0;
    const first = log.query.since();
    expect(numbers(first.events)).toEqual([0, 1]);
    lose(log, 5, 1000);
    expect(log.query.since(first.cursor)).toMatchObject({ events: [], missed: 0 });
    lose(log, 1000, 1100);
    const second = log.query.since(first.cursor);
    expect(numbers(second.events)).toEqual(range(3, 1100));
    expect(second.missed).toBe(1);
  });

  test('leaves the index aside in a lane that more than one thread wrote to', () => {
    const log = oneLane({ index: true });
    const context = log.newTrace();
    const peer = tracePeer(Uint8Array.of(5));
    for (const n of range(0, 5)) log.packetLost(context, peer, n);
    attachEventLog(log.memory);
    const raw = new RawLog(log);
    // What two writers at once may make of it.
    raw.words.fill(0, raw.plan.indexAt);
    expect(numbers(log.query.trace(context))).toEqual(range(0, 5));
    expect(numbers(log.query.peer(peer))).toEqual(range(0, 5));
    expect(log.query.mayHave(context)).toBe(true);
    expect(log.query.timeRange(0, Number.MAX_SAFE_INTEGER).length).toBe(5);
  });

  test('asks again without the index where a thread joins the lane during the search', () => {
    const log = oneLane({ index: true });
    const context = log.newTrace();
    lose(log, 0, 5, context);
    const raw = new RawLog(log);
    const state = afterLoadOf(raw.index().tracePrevAt + 4, () => {
      attachEventLog(log.memory);
      raw.words.fill(0, raw.index().tracePrevAt, raw.index().tracePrevAt + 64);
    });
    // The link that was read is good; the next one was lost.
    expect(numbers(log.query.trace(context))).toEqual(range(0, 5));
    expect(state.ran).toBe(true);
  });
});

describe('a time range', () => {
  const made = (): { log: EventLog; time: GivenTime; raw: RawLog } => {
    const time = new GivenTime(1000);
    const log = createEventLog({ shared: true, lanes: 1, slots: 2048, index: true, clock: time });
    return { log, time, raw: new RawLog(log) };
  };

  test('has the rest of a block into which the writer came meanwhile', () => {
    const { log, time, raw } = made();
    lose(log, 0, 2048);
    const state = afterLoadOf(raw.headAt(), () => {
      // The writer goes on to the middle of the fifth block, at another time.
      time.timeUs = 5000;
      lose(log, 2048, 2048 + 4 * 256 + 128);
    });
    const found = numbers(log.query.timeRange(1000, 1000));
    expect(state.ran).toBe(true);
    expect(found).toEqual(range(4 * 256 + 128, 2048));
  });

  test('reads the block that is being written without asking the index', () => {
    const { log, raw } = made();
    lose(log, 0, 3 * 256 + 10);
    // In the middle of its entry's change of lap it says nothing that holds.
    for (const block of [2, 3, 4]) raw.f64.fill(Number.NaN, raw.index().timesAtF64 + block * 4, raw.index().timesAtF64 + block * 4 + 4);
    expect(numbers(log.query.timeRange(1000, 1000))).toEqual(range(0, 3 * 256 + 10));
  });
});

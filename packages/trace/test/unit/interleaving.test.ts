import { describe, expect, test } from 'vitest';
import { createEventLog, tracePeer, type EventLog, type TraceEvent } from '../../src/index.ts';
import { afterLoadOf, RawLog } from '../interleaving.ts';

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

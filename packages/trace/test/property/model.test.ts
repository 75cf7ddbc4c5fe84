import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attachEventLog, createEventLog, tracePeer, type EventLog, type TraceContext, type TraceEvent } from '../../src/index.ts';
import { GivenRandom, GivenTime } from '../given-time.ts';

const RUNS = Number(process.env['TRACE_PROPERTY_RUNS'] ?? 60);
const SLOTS = 128;
const TRACES = 6;
const PEERS = 4;

/** One event of a program: who logs it, for which trace and peer, and how the clock moved since the one before. */
interface Step {
  readonly thread: number;
  readonly trace: number;
  readonly peer: number;
  readonly stepUs: number;
  readonly lost: boolean;
}

const steps = fc.array(
  fc.record({
    thread: fc.integer({ min: 0, max: 2 }),
    // The last one is none.
    trace: fc.integer({ min: 0, max: TRACES }),
    peer: fc.integer({ min: 0, max: PEERS }),
    stepUs: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 3 }) }, { weight: 1, arbitrary: fc.integer({ min: -500, max: 500 }) }),
    lost: fc.boolean(),
  }),
  { minLength: 1, maxLength: 600, size: 'max' },
);

interface Written extends Step {
  readonly n: number;
  readonly lane: number;
  readonly timeUs: number;
}

/** What the log must hold: the last events of each lane. */
function held(written: readonly Written[], laneSlots: number): Written[] {
  const byLane = new Map<number, Written[]>();
  for (const event of written) byLane.set(event.lane, [...(byLane.get(event.lane) ?? []), event]);
  return [...byLane.values()].flatMap((events) => events.slice(-laneSlots));
}

const numberOf = (event: TraceEvent): number => Number((event as { packetNumber: bigint }).packetNumber);
const sorted = (events: readonly TraceEvent[]): number[] => events.map(numberOf).sort((a, b) => a - b);

function checkAgainst(log: EventLog, model: readonly Written[], contexts: readonly TraceContext[], range: { from: number; width: number }): void {
  const numbers = (keep: (event: Written) => boolean): number[] => model.filter(keep).map(({ n }) => n).sort((a, b) => a - b);
  const all = log.query.where({});
  expect(sorted(all)).toEqual(numbers(() => true));
  const times = all.map(({ timeUs }) => timeUs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  for (const [trace, context] of contexts.entries()) {
    expect(sorted(log.query.trace(context))).toEqual(numbers((event) => event.trace === trace));
    if (model.some((event) => event.trace === trace)) expect(log.query.mayHave(context)).toBe(true);
  }
  for (let peer = 0; peer < PEERS; peer += 1) {
    const id = new Uint8Array(32).fill(peer + 1);
    expect(sorted(log.query.peer(id))).toEqual(numbers((event) => event.peer === peer));
    const { packetsLost, packetsSent } = log.query.analyzeConnection(id);
    expect([packetsLost, packetsSent]).toEqual([true, false].map((lost) => numbers((event) => event.peer === peer && event.lost === lost).length));
  }
  const first = times[0] ?? 0;
  const fromUs = first + range.from;
  const toUs = fromUs + range.width;
  expect(sorted(log.query.timeRange(fromUs, toUs))).toEqual(numbers(({ timeUs }) => timeUs >= fromUs && timeUs <= toUs));
  expect(log.query.recent(7).map(({ timeUs }) => timeUs).length).toBe(Math.min(7, model.length));
  expect(sorted(log.query.where({ kinds: ['packetLost'], fromUs }))).toEqual(numbers(({ lost, timeUs }) => lost && timeUs >= fromUs));
}

describe.each([
  { name: 'plain', options: {}, threads: 1 },
  { name: 'plain with index', options: { index: true }, threads: 1 },
  { name: 'shared, a lane per thread, with index', options: { shared: true, lanes: 2, index: true }, threads: 2 },
  { name: 'shared, threads in one lane, with index', options: { shared: true, lanes: 1, index: true }, threads: 3 },
])('$name', ({ options, threads }) => {
  test('every query answers as a list of what was written would', () => {
    fc.assert(
      fc.property(steps, fc.record({ from: fc.integer({ min: -10, max: 400 }), width: fc.integer({ min: 0, max: 400 }) }), (program, range) => {
        const clock = new GivenTime(1_000_000);
        const log = createEventLog({ slots: SLOTS, clock, random: new GivenRandom(11), ...options });
        const logs = [log, ...Array.from({ length: threads - 1 }, () => attachEventLog(log.memory, { clock }))];
        const { lanes } = log.stats;
        const contexts = Array.from({ length: TRACES }, () => log.newTrace());
        const peers = Array.from({ length: PEERS }, (_, peer) => tracePeer(new Uint8Array(32).fill(peer + 1)));
        const written: Written[] = [];
        for (const [n, step] of program.entries()) {
          clock.advance(step.stepUs);
          const thread = step.thread % threads;
          const writer = logs[thread]!;
          if (step.lost) writer.packetLost(contexts[step.trace], peers[step.peer], n);
          else writer.packetSent(contexts[step.trace], peers[step.peer], n, n);
          written.push({ ...step, n, lane: thread % lanes, timeUs: clock.timeUs });
          // In between as well, not only at the end.
          if (n % 97 === 96) checkAgainst(log, held(written, SLOTS / lanes), contexts, range);
        }
        for (const reader of logs) checkAgainst(reader, held(written, SLOTS / lanes), contexts, range);
        expect(log.stats).toMatchObject({ written: written.length, dropped: 0, overwritten: written.length - held(written, SLOTS / lanes).length });
      }),
      { numRuns: RUNS },
    );
  });
});

import { VirtualClock } from '@p2p/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Scheduled, scheduled, Timetable } from '../../../src/core/peers/timetable.ts';

test('what is due is called at its time, in order, once', async () => {
  const clock = new VirtualClock();
  const timetable = new Timetable(clock, 1000);
  const fired: string[] = [];
  const at = (name: string, dueMs: number): Scheduled => {
    const item = scheduled(() => fired.push(`${clock.monotonic()} ${name}`));
    timetable.at(item, dueMs);
    return item;
  };
  at('c', 30);
  const moved = at('moved', 5);
  const cancelled = at('cancelled', 15);
  at('a', 10);
  timetable.at(moved, 20);
  timetable.cancel(cancelled);
  timetable.cancel(cancelled);
  await clock.advance(100);
  expect(fired).toEqual(['10 a', '20 moved', '30 c']);
});

test('any sequence of scheduling, moving and cancelling fires what a plain list would', async () => {
  const step = fc.record({ item: fc.nat(11), action: fc.constantFrom('at', 'at', 'at', 'cancel', 'advance'), ms: fc.nat(50) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const clock = new VirtualClock();
      const timetable = new Timetable(clock, 1000);
      const fired: string[] = [];
      const expected: string[] = [];
      const model = new Map<number, number>();
      const items = Array.from({ length: 12 }, (_, index) => scheduled((nowMs) => fired.push(`${nowMs} ${index}`)));
      const play = (untilMs: number): void => {
        const due = [...model].filter(([, dueMs]) => dueMs <= untilMs);
        for (const [index, dueMs] of due) {
          expected.push(`${dueMs} ${index}`);
          model.delete(index);
        }
      };
      for (const { item, action, ms } of [...steps, { item: 0, action: 'advance', ms: 100 }]) {
        if (action === 'at') {
          timetable.at(items[item]!, clock.monotonic() + ms);
          model.set(item, clock.monotonic() + ms);
        } else if (action === 'cancel') {
          timetable.cancel(items[item]!);
          model.delete(item);
        } else {
          const untilMs = clock.monotonic() + ms;
          await clock.advance(ms);
          play(untilMs);
        }
      }
      expect(fired.map((line) => Number(line.split(' ')[0]))).toEqual(fired.map((line) => Number(line.split(' ')[0])).sort((a, b) => a - b));
      expect([...fired].sort()).toEqual([...expected].sort());
    }),
    { numRuns: 60 },
  );
});

test('an item may schedule itself and others while it fires', async () => {
  const clock = new VirtualClock();
  const timetable = new Timetable(clock, 1000);
  let count = 0;
  const tick = scheduled((nowMs) => {
    count++;
    timetable.at(tick, nowMs + 10);
  });
  timetable.at(tick, 10);
  await clock.advance(1000);
  expect(count).toBe(100);
});

test('time in which nothing could run does not count', async () => {
  const clock = new VirtualClock();
  let stalledMs = 0;
  const timetable = new Timetable({ now: () => 0, monotonic: () => clock.monotonic() + stalledMs, setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback) }, 1000);
  const fired: number[] = [];
  const heartbeat = scheduled((nowMs) => timetable.at(heartbeat, nowMs + 100));
  timetable.at(heartbeat, 100);
  timetable.at(scheduled((nowMs) => fired.push(nowMs)), 10_000);
  await clock.advance(5050);
  stalledMs = 60_000;
  await clock.advance(4900);
  expect(fired).toEqual([]);
  await clock.advance(100);
  expect(fired).toEqual([10_000]);
  // A short delay is no standstill: it counts.
  stalledMs += 900;
  await clock.advance(100);
  expect(timetable.now()).toBeCloseTo(clock.monotonic() + 900 + 0, 0);
});

test('after stop nothing fires', async () => {
  const clock = new VirtualClock();
  const timetable = new Timetable(clock, 1000);
  let fired = 0;
  timetable.at(scheduled(() => fired++), 10);
  timetable.stop();
  timetable.at(scheduled(() => fired++), 20);
  await clock.advance(100);
  expect(fired).toBe(0);
  expect(clock.nextDueMs).toBeUndefined();
});

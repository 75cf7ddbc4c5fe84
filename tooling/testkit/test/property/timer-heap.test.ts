import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ScheduledTimer, TimerHeap } from '../../src/timer-heap.ts';

test('timers leave the heap sorted by time and insertion, whatever was cancelled', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ dueMs: fc.nat(20), cancelled: fc.boolean() }), { maxLength: 200 }), (inputs) => {
      const heap = new TimerHeap();
      const timers = inputs.map<ScheduledTimer>(({ dueMs }, seq) => ({ dueMs, seq, callback: (): void => {} }));
      for (const timer of timers) heap.push(timer);
      for (const [index, { cancelled }] of inputs.entries()) if (cancelled) timers[index]!.callback = undefined;
      const expected = timers.filter((timer) => timer.callback !== undefined).sort((a, b) => a.dueMs - b.dueMs || a.seq - b.seq);
      const out = [];
      for (let next = heap.pop(); next !== undefined; next = heap.pop()) out.push(next);
      expect(out).toEqual(expected);
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../src/index.ts';

describe('VirtualClock', () => {
  test('runs due timers in order of time, equal ones in the order they were set', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimer(20, () => seen.push('c'));
    clock.setTimer(10, () => seen.push('a'));
    clock.setTimer(10, () => seen.push('b'));
    clock.setTimer(30.5, () => seen.push('late'));
    await clock.advance(30);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(clock.monotonic()).toBe(30);
    await clock.advance(0.5);
    expect(seen.at(-1)).toBe('late');
  });

  test('runs timers that timers set, at their own time', async () => {
    const clock = new VirtualClock({ startUnixMs: 1000 });
    const at: number[] = [];
    const tick = (): void => {
      at.push(clock.now());
      if (at.length < 4) clock.setTimer(5, tick);
    };
    clock.setTimer(5, tick);
    await clock.advance(100);
    expect(at).toEqual([1005, 1010, 1015, 1020]);
  });

  test('long promise chains come to rest before the next timer', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    clock.setTimer(1, () => {
      void (async (): Promise<void> => {
        for (let step = 0; step < 100; step++) await Promise.resolve();
        seen.push('chain');
      })();
    });
    clock.setTimer(1, () => seen.push('next'));
    await clock.advance(1);
    expect(seen).toEqual(['chain', 'next']);
  });

  test('a cancelled timer does not fire', async () => {
    const clock = new VirtualClock();
    let fired = 0;
    const timer = clock.setTimer(5, () => (fired += 1));
    clock.setTimer(4, () => timer.cancel());
    await clock.advance(10);
    expect(fired).toBe(0);
  });

  test('held work stops time until it settles', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.setTimer(1, () => {
      const work = new Promise<void>((resolve) => {
        setTimeout(resolve, 5);
      });
      void clock.hold(work).then(() => order.push(`work at ${clock.monotonic()}`));
    });
    clock.setTimer(2, () => order.push('later timer'));
    await clock.advance(10);
    expect(order).toEqual(['work at 1', 'later timer']);
  });

  test('runUntil stops at the timer that made the predicate true, or at the limit', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const tick = (): void => {
      count += 1;
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    expect(await clock.runUntil(() => count === 3, 1000)).toBe(true);
    expect(clock.monotonic()).toBe(30);
    expect(await clock.runUntil(() => count === 100, 50)).toBe(false);
    expect(clock.monotonic()).toBe(80);
  });

  test('runUntilSettled returns the outcome, and fails when it does not come', async () => {
    const clock = new VirtualClock();
    const value = new Promise<number>((resolve) => {
      clock.setTimer(40, () => resolve(7));
    });
    expect(await clock.runUntilSettled(value, 100)).toBe(7);
    await expect(clock.runUntilSettled(new Promise(() => {}), 100)).rejects.toThrow('still pending');
  });

  test('suspend and steps move wall time only', async () => {
    const clock = new VirtualClock({ startUnixMs: 5000 });
    await clock.advance(10);
    clock.suspend(3_600_000);
    clock.stepWallClock(-10);
    expect(clock.now()).toBe(3_605_000);
    expect(clock.monotonic()).toBe(10);
  });

  test('what a timer throws reaches the one who advances', async () => {
    const clock = new VirtualClock();
    clock.setTimer(3, () => {
      throw new Error('from a timer');
    });
    await expect(clock.advance(10)).rejects.toThrow('from a timer');
    expect(clock.monotonic()).toBe(3);
    await clock.advance(1);
    expect(clock.monotonic()).toBe(4);
  });

  test('two advances at once are a mistake', async () => {
    const clock = new VirtualClock();
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow(TypeError);
    await first;
  });
});

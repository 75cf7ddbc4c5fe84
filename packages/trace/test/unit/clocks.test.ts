import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEventLog } from '../../src/index.ts';
import { CoarseClock, PreciseClock } from '../../src/io/system.ts';

describe('the system’s clocks', () => {
  test('tell Unix µs with fractions of a millisecond', () => {
    for (const clock of [new PreciseClock(), new CoarseClock()]) {
      const before = Date.now();
      const nowMs = clock.nowUs() / 1000;
      expect(nowMs).toBeGreaterThan(before - 100);
      expect(nowMs).toBeLessThan(Date.now() + 100);
    }
    const log = createEventLog({ slots: 64 });
    for (let n = 0; n < 50; n += 1) log.packetLost(undefined, undefined, n);
    const times = log.query.recent(50).map(({ timeUs }) => timeUs);
    expect(times.some((timeUs) => timeUs % 1000 !== 0)).toBe(true);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

describe('with a clock that the test sets', () => {
  let elapsedMs = 0;
  let wallMs = 0;
  beforeEach(() => {
    elapsedMs = performance.now();
    wallMs = performance.timeOrigin + elapsedMs;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(performance, 'now').mockImplementation(() => elapsedMs);
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(wallMs));
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const pass = (ms: number): void => {
    elapsedMs += ms;
    wallMs += ms;
  };

  test('precise follows the wall clock within a second of its being set, or of a sleep', () => {
    const clock = new PreciseClock();
    const started = clock.nowUs();
    pass(100);
    expect(clock.nowUs() - started).toBeCloseTo(100_000, -1);
    wallMs += 3_600_000;
    pass(1000);
    expect(clock.nowUs() - started).toBeGreaterThan(3_600_000_000);
    wallMs -= 7_200_000;
    pass(1000);
    expect(clock.nowUs() - started).toBeLessThan(-3_500_000_000);
  });

  test('a difference as small as the wall clock’s resolution moves nothing', () => {
    const clock = new PreciseClock();
    const started = clock.nowUs();
    wallMs += 10;
    pass(1000);
    expect(clock.nowUs() - started).toBeCloseTo(1_000_000, -1);
  });

  test('coarse reads once in 32 events', () => {
    const clock = new CoarseClock();
    const started = clock.nowUs();
    pass(0.5);
    for (let n = 1; n < 32; n += 1) expect(clock.nowUs()).toBe(started);
    expect(clock.nowUs() - started).toBeCloseTo(500, 0);
  });

  test('coarse reads again after a millisecond, and sets no timer while nothing is logged', () => {
    const clock = new CoarseClock();
    expect(vi.getTimerCount()).toBe(0);
    const started = clock.nowUs();
    expect(vi.getTimerCount()).toBe(1);
    pass(1);
    vi.advanceTimersByTime(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(clock.nowUs() - started).toBeCloseTo(1000, 0);
  });

  test('no program waits for the timer of coarse', () => {
    const unref = vi.fn<() => void>();
    const set = vi.spyOn(globalThis, 'setTimeout').mockImplementation((() => ({ unref })) as unknown as typeof setTimeout);
    new CoarseClock().nowUs();
    expect(set).toHaveBeenCalledOnce();
    expect(unref).toHaveBeenCalledOnce();
    set.mockRestore();
  });
});

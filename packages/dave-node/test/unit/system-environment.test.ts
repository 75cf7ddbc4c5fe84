import { afterEach, describe, expect, test, vi } from 'vitest';
import { silentLogger } from '../../src/io/silent-logger.ts';
import { systemClock } from '../../src/io/system-clock.ts';
import { systemRandom } from '../../src/io/system-random.ts';

describe('system clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('fires delays that a plain timer would cut short, once and on time', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    let fired = 0;
    const delayMs = 2 * 2 ** 31 + 5000;
    systemClock.setTimer(delayMs, () => (fired += 1));
    vi.advanceTimersByTime(delayMs - 1);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a cancelled timer does not fire, not even a long one on its way', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
    let fired = 0;
    const timer = systemClock.setTimer(2 ** 33, () => (fired += 1));
    vi.advanceTimersByTime(2 ** 32);
    timer.cancel();
    vi.advanceTimersByTime(2 ** 34);
    expect(fired).toBe(0);
    timer.cancel();
  });

  test('wall time is Unix ms, monotonic time does not follow its steps', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const before = systemClock.monotonic();
    vi.setSystemTime(12_345);
    expect(systemClock.now()).toBe(12_345);
    expect(systemClock.monotonic() - before).toBeLessThan(10_000);
    expect(() => systemClock.setTimer(Number.NaN, () => {})).toThrow(TypeError);
  });
});

describe('system random', () => {
  test('no two draws are equal, whatever their length, and none is given out twice from the pool', () => {
    const seen = new Set<string>();
    for (let draw = 0; draw < 5000; draw++) seen.add(Buffer.from(systemRandom.bytes(16 + (draw % 48))).toString('latin1').slice(0, 16));
    expect(seen.size).toBe(5000);
    const large = systemRandom.bytes(10_000);
    expect(large.length).toBe(10_000);
    expect(new Set(large).size).toBe(256);
  });

  test('what was drawn stays as it is', () => {
    const first = systemRandom.bytes(32);
    const copy = Uint8Array.from(first);
    for (let draw = 0; draw < 1000; draw++) systemRandom.bytes(32);
    expect(first).toEqual(copy);
  });

  test('floats are evenly spread over [0, 1)', () => {
    const buckets = Array.from({ length: 16 }, () => 0);
    let [least, most] = [1, 0];
    for (let draw = 0; draw < 64_000; draw++) {
      const value = systemRandom.float();
      [least, most] = [Math.min(least, value), Math.max(most, value)];
      buckets[Math.floor(value * 16)]! += 1;
    }
    expect(least).toBeGreaterThanOrEqual(0);
    expect(most).toBeLessThan(1);
    // Standard deviation of a bucket is about 61: seven of them in either direction.
    for (const bucket of buckets) expect(Math.abs(bucket - 4000)).toBeLessThan(430);
  });
});

test('the silent logger has every level', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) expect(silentLogger[level]('x', {})).toBeUndefined();
});

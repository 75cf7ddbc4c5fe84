import { VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { ChangeSignal } from '../../../src/core/ops/change-signal.ts';
import { Deadline, sleep } from '../../../src/core/ops/deadline.ts';
import { KeepAlive } from '../../../src/core/ops/keep-alive.ts';
import { Semaphore } from '../../../src/core/ops/semaphore.ts';
import { ActivityWaiters } from '../../../src/core/peers/activity-waiters.ts';
import { Timetable } from '../../../src/core/peers/timetable.ts';

test('a deadline aborts when its time is up, and says that it was time', async () => {
  const clock = new VirtualClock();
  using deadline = new Deadline(clock, 100);
  await clock.advance(99);
  expect([deadline.signal.aborted, deadline.remainingMs]).toEqual([false, 1]);
  await clock.advance(1);
  expect(deadline.timedOut).toBe(true);
  expect(deadline.signal.reason).toMatchObject({ code: 'NODE_TIMEOUT' });
});

test("a parent's abort comes through with its reason, also one from before", () => {
  const clock = new VirtualClock();
  const parent = new AbortController();
  using deadline = new Deadline(clock, 100, undefined, parent.signal);
  const reason = new Error('enough');
  parent.abort(reason);
  expect([deadline.signal.reason, deadline.timedOut]).toEqual([reason, false]);
  expect(clock.nextDueMs === undefined || clock.nextDueMs === 100).toBe(true);
  using late = new Deadline(clock, 100, parent.signal);
  expect(late.signal.reason).toBe(reason);
});

test('a deadline that was disposed of does nothing any more', async () => {
  const clock = new VirtualClock();
  const parent = new AbortController();
  const deadline = new Deadline(clock, 100, parent.signal);
  deadline[Symbol.dispose]();
  parent.abort();
  await clock.advance(200);
  expect(deadline.signal.aborted).toBe(false);
});

test('sleep ends at its time, or with the reason of an abort', async () => {
  const clock = new VirtualClock();
  await clock.runUntilSettled(sleep(clock, 50, new AbortController().signal), 50);
  expect(clock.monotonic()).toBe(50);
  const abort = new AbortController();
  const asleep = sleep(clock, 50, abort.signal);
  const reason = new Error('wake up');
  abort.abort(reason);
  await expect(asleep).rejects.toBe(reason);
});

test('a semaphore lets in as many as there are places, then in order', async () => {
  const semaphore = new Semaphore(2);
  const never = new AbortController().signal;
  const order: number[] = [];
  const waits = [1, 2, 3, 4].map(async (who) => {
    await semaphore.acquire(never);
    order.push(who);
  });
  await Promise.all(waits.slice(0, 2));
  expect([order, semaphore.waiting]).toEqual([[1, 2], 2]);
  expect(semaphore.tryAcquire()).toBe(false);
  semaphore.release();
  await waits[2];
  semaphore.release();
  await waits[3];
  expect(order).toEqual([1, 2, 3, 4]);
  semaphore.release();
  expect(semaphore.tryAcquire()).toBe(true);
});

test('who gives up waiting for a place takes none', async () => {
  const semaphore = new Semaphore(1);
  const abort = new AbortController();
  await semaphore.acquire(abort.signal);
  const waiting = semaphore.acquire(abort.signal);
  abort.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  semaphore.release();
  expect(semaphore.tryAcquire()).toBe(true);
});

test('all who wait for a change learn of the next one, once', async () => {
  const changes = new ChangeSignal();
  const abort = new AbortController();
  let told = 0;
  const waits = [1, 2].map(async () => {
    await changes.next(abort.signal);
    told += 1;
  });
  changes.notify();
  await Promise.all(waits);
  const later = changes.next(abort.signal);
  abort.abort(new Error('enough'));
  await expect(later).rejects.toThrow('enough');
  changes.notify();
  expect(told).toBe(2);
});

test('silence is never longer than the interval, and traffic saves beats', async () => {
  const clock = new VirtualClock();
  const beats: number[] = [];
  let lastMs = 0;
  let longest = 0;
  const sent = (): void => {
    longest = Math.max(longest, clock.monotonic() - lastMs);
    lastMs = clock.monotonic();
  };
  const keepAlive = new KeepAlive(clock, 500, () => {
    beats.push(clock.monotonic());
    sent();
  });
  keepAlive.start();
  await clock.advance(255);
  keepAlive.touch();
  sent();
  await clock.advance(5000);
  expect(longest).toBeLessThanOrEqual(500);
  expect(beats.length).toBeLessThanOrEqual(11);
  const before = beats.length;
  for (let at = 0; at < 20; at++) {
    keepAlive.touch();
    await clock.advance(100);
  }
  expect(beats.length - before).toBeLessThanOrEqual(1);
  keepAlive.stop();
  await clock.advance(5000);
  expect(beats.length - before).toBeLessThanOrEqual(1);
});

test('a time that no timer can keep is refused before anything waits', () => {
  const clock = new VirtualClock();
  const waiters = new ActivityWaiters(new Timetable(clock, 1000), () => 0, () => '');
  for (const timeoutMs of [Number.NaN, Infinity, -1]) {
    expect(() => new Deadline(clock, timeoutMs)).toThrow(TypeError);
    expect(() => waiters.wait(1, { timeoutMs })).toThrow(TypeError);
  }
});

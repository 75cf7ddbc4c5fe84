import { VirtualClock } from '@p2p/testkit';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from '../../src/core/on-abort.ts';
import { Deadline } from '../../src/core/ops/deadline.ts';
import { Semaphore } from '../../src/core/ops/semaphore.ts';
import { systemClock } from '../../src/io/system-clock.ts';

test('all that wait for a signal share one listener, which goes with the last of them', () => {
  const { signal } = new AbortController();
  const withdrawals = Array.from({ length: 100 }, () => onAbort(signal, () => {}));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const withdraw of withdrawals) withdraw();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('an abort calls back who has not withdrawn, once each, also the same callback twice', () => {
  const abort = new AbortController();
  const calls: string[] = [];
  const twice = (): void => void calls.push('twice');
  onAbort(abort.signal, twice);
  const withdraw = onAbort(abort.signal, () => calls.push('withdrawn'));
  onAbort(abort.signal, twice);
  withdraw();
  withdraw();
  abort.abort();
  expect(calls).toEqual(['twice', 'twice']);
});

test('who withdraws another during the abort keeps it from being called', () => {
  const abort = new AbortController();
  const calls: string[] = [];
  onAbort(abort.signal, () => withdraw());
  const withdraw = onAbort(abort.signal, () => calls.push('late'));
  abort.abort();
  expect(calls).toEqual([]);
});

test('a signal serves again after everybody had withdrawn', () => {
  const abort = new AbortController();
  onAbort(abort.signal, () => {})();
  const calls: number[] = [];
  onAbort(abort.signal, () => calls.push(1));
  abort.abort();
  expect(calls).toEqual([1]);
});

test('thousands that wait for one signal, and stop waiting, cost the same each', async () => {
  const { signal } = new AbortController();
  const semaphore = new Semaphore(1);
  const waiting = Array.from({ length: 20_000 }, () => semaphore.acquire(signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const turn of waiting) {
    await turn;
    semaphore.release();
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('deadlines of operations share the listener of their parent, and withdraw it', () => {
  const { signal } = new AbortController();
  const clock = new VirtualClock();
  const deadlines = Array.from({ length: 50 }, () => new Deadline(clock, 1000, signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  for (const deadline of deadlines) deadline[Symbol.dispose]();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('a deadline that cannot be kept leaves nothing behind', () => {
  const { signal } = new AbortController();
  expect(() => new Deadline(systemClock, Number.NaN, signal)).toThrow(TypeError);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

import type { Clock } from '../../env.ts';
import { onAbort } from '../on-abort.ts';

/** What is known of work that was waited for: whether it succeeded, or that it was still underway when the wait ended. */
export type WaitOutcome = 'done' | 'unfinished';

/** Waits for `work`, but no longer than `timeoutMs` and not beyond an abort of `signal`. Rejects only as `work` does. */
export async function waitAtMost(clock: Clock, work: Promise<void>, timeoutMs: number, signal?: AbortSignal): Promise<WaitOutcome> {
  const { promise: ended, resolve: end } = Promise.withResolvers<WaitOutcome>();
  const onEnd = (): void => end('unfinished');
  const timer = clock.setTimer(timeoutMs, onEnd);
  if (signal?.aborted === true) onEnd();
  const withdraw = signal === undefined || signal.aborted ? undefined : onAbort(signal, onEnd);
  try {
    return await Promise.race([work.then((): WaitOutcome => 'done'), ended]);
  } finally {
    timer.cancel();
    withdraw?.();
  }
}

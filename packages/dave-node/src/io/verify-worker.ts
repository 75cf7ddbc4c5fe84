import { verifyDatSync } from '@p2p/dave-wire';
import { parentPort, workerData } from 'node:worker_threads';
import { verdictCode } from './verify-verdicts.ts';
import { DONE, PUBLISHED, RING_SLOTS, SLEEPING, VERDICT_FAILED, VerifyRing, WAKE_POSTED } from './verify-ring.ts';

/** What a verifying thread is started with. */
export interface VerifyWorkerData {
  readonly memory: SharedArrayBuffer;
  readonly minWork: number;
  readonly skewMs: number;
}

/** Verdicts are made known this many at a time, or when there is nothing more to do. */
const BATCH = 16;

/** The whole life of the thread: it is ended from outside. */
function run(data: VerifyWorkerData): never {
  const ring = new VerifyRing(data.memory);
  const { control, verdicts } = ring;
  let done = Atomics.load(control, DONE);
  for (;;) {
    const waiting = (Atomics.load(control, PUBLISHED) - done) | 0;
    if (waiting === 0) {
      // The order matters: whoever publishes after this store sees it, and what was published before it ends the wait at once.
      Atomics.store(control, SLEEPING, 1);
      Atomics.wait(control, PUBLISHED, done);
      Atomics.store(control, SLEEPING, 0);
      continue;
    }
    for (let left = Math.min(waiting, BATCH); left > 0; left--) {
      verdicts[done & (RING_SLOTS - 1)] = judge(ring, done, data);
      done = (done + 1) | 0;
    }
    Atomics.store(control, DONE, done);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
    if (Atomics.exchange(control, WAKE_POSTED, 1) === 0) parentPort!.postMessage(null);
  }
}

function judge(ring: VerifyRing, index: number, rules: VerifyWorkerData): number {
  try {
    const { dat, nowMs } = ring.read(index);
    return verdictCode(verifyDatSync(dat, { now: nowMs, minWork: rules.minWork, skewMs: rules.skewMs }));
  } catch {
    // The owner judges it again on its own thread and reports what goes wrong there.
    return VERDICT_FAILED;
  }
}

run(workerData as VerifyWorkerData);

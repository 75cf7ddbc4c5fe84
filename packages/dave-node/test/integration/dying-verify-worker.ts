import { verifyDatSync } from '@p2p/dave-wire';
import { workerData } from 'node:worker_threads';
import { DONE, RING_SLOTS, VerifyRing } from '../../src/io/verify-ring.ts';
import { verdictCode } from '../../src/io/verify-verdicts.ts';
import type { VerifyWorkerData } from '../../src/io/verify-worker.ts';

/** A thread that judges five dats and dies within its batch: the verdict of the sixth is there, but was not announced. */
const { memory, minWork, skewMs } = workerData as VerifyWorkerData;
const ring = new VerifyRing(memory);
let done = Atomics.load(ring.control, DONE);
for (let judged = 0; judged < 5; judged++) {
  const { dat, nowMs } = ring.read(done);
  ring.verdicts[done & (RING_SLOTS - 1)] = verdictCode(verifyDatSync(dat, { now: nowMs, minWork, skewMs }));
  done = (done + 1) | 0;
}
Atomics.store(ring.control, DONE, done);
process.exit(3);

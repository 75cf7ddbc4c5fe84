// Two threads on one shared log: this file is the main program and its worker.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attachEventLog, createEventLog, tracePeer, type EventLog } from '../src/index.ts';
import { timeInTurn, type Batch, type Timing } from './batches.ts';

const ROUNDS = Number(process.env['TRACE_BENCH_ROUNDS'] ?? 400);
const peer = tracePeer(new Uint8Array(32).fill(7));

interface ThreadTimings {
  readonly event: Timing;
  readonly clock: Timing;
}

function measure(log: EventLog): ThreadTimings {
  const contexts = Array.from({ length: 1024 }, () => log.newTrace());
  const packets: Batch = (count) => {
    for (let n = 0; n < count; n += 1) log.packetSent(contexts[n & 1023], peer, 1200, n);
    return count;
  };
  const clockReads: Batch = (count) => {
    let sum = 0;
    for (let n = 0; n < count; n += 1) sum += performance.now();
    return sum;
  };
  const [event, clock] = timeInTurn([packets, clockReads], ROUNDS);
  return { event: event!, clock: clock! };
}

/** Runs until the other one is done, so that both are measured with company. */
function inWorker({ memory, state }: { memory: SharedArrayBuffer; state: SharedArrayBuffer }): void {
  const log = attachEventLog(memory);
  const words = new Int32Array(state);
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  for (let ready = Atomics.load(words, 0); ready < 2; ready = Atomics.load(words, 0)) Atomics.wait(words, 0, ready);
  const timings = measure(log);
  Atomics.add(words, 1, 1);
  while (Atomics.load(words, 1) < 2) for (let n = 0; n < 1000; n += 1) log.packetSent(undefined, peer, 1200, n);
  // A port between threads has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(timings);
}

if (isMainThread) {
  const index = process.argv[2] === 'index';
  const lanes = process.argv[3] === 'one-lane' ? 1 : 8;
  const log = createEventLog({ shared: true, index, lanes });
  const workerData = { memory: log.memory, state: new SharedArrayBuffer(8) };
  const timings = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<ThreadTimings>((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  const slower = timings[0]!.event.medianNs > timings[1]!.event.medianNs ? timings[0]! : timings[1]!;
  console.log(JSON.stringify(slower));
} else {
  inWorker(workerData as { memory: SharedArrayBuffer; state: SharedArrayBuffer });
}

// A thread that logs events with checksums until it is told to stop.
import { parentPort, workerData } from 'node:worker_threads';
import { attachEventLog, contextFromWire } from '../../src/index.ts';
import { ChecksummedWriter } from './checksummed-event.ts';

const { memory, stop, writer } = workerData as { memory: SharedArrayBuffer; stop: SharedArrayBuffer; writer: number };
const log = attachEventLog(memory, { nodeId: new Uint8Array(32).fill(writer + 1), clock: 'coarse' });
const contexts = Array.from({ length: 64 }, () => {
  const traceId = crypto.getRandomValues(new Uint8Array(16));
  return contextFromWire({ traceId, spanId: new DataView(traceId.buffer).getBigUint64(0), startUs: 0n, flags: 1 });
});
const events = new ChecksummedWriter(writer);
const stopped = new Int32Array(stop);
let logged = 0;
const post = (message: number | string): void => {
  // A port between threads has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(message);
};
post('ready');
while (Atomics.load(stopped, 0) === 0) {
  for (let n = 0; n < 200; n += 1) {
    const context = contexts[logged % contexts.length]!;
    events.next(context);
    log.custom(context, events.peer, writer, (logged + 1) & 0xffff, events.data);
    logged += 1;
  }
}
post(logged);

// One subject in a process of its own, as in a program that uses it: no other kind of clock or log makes its calls polymorphic.
import { createEventLog, tracePeer, type EventLog } from '../src/index.ts';
import { timeInTurn, type Batch } from './batches.ts';

const ROUNDS = Number(process.env['TRACE_BENCH_ROUNDS'] ?? 400);
const TRACES = 1024;

const peerId = new Uint8Array(32).map((_, index) => index * 7);
const peer = tracePeer(peerId);
const payload = new Uint8Array(42).fill(5);

/** Every event of another trace than the one before. */
function packets(log: EventLog): Batch {
  const contexts = Array.from({ length: TRACES }, () => log.newTrace());
  return (count) => {
    for (let n = 0; n < count; n += 1) log.packetSent(contexts[n & (TRACES - 1)], peer, 1200, n);
    return count;
  };
}

const SUBJECTS: Readonly<Record<string, () => Batch>> = {
  precise: () => packets(createEventLog()),
  coarse: () => packets(createEventLog({ clock: 'coarse' })),
  index: () => packets(createEventLog({ index: true })),
  shared: () => packets(createEventLog({ shared: true })),
  'shared-index': () => packets(createEventLog({ shared: true, index: true })),
  'peer-bytes': () => {
    const log = createEventLog();
    const context = log.newTrace();
    return (count) => {
      for (let n = 0; n < count; n += 1) log.packetSent(context, peerId, 1200, n);
      return count;
    };
  },
  span: () => {
    const log = createEventLog();
    const context = log.newTrace();
    return (count) => {
      for (let n = 0; n < count; n += 2) {
        log.spanStart(context, peer, 'bench.span');
        log.spanEnd(context, peer, 'bench.span');
      }
      return count;
    };
  },
  custom: () => {
    const log = createEventLog();
    const context = log.newTrace();
    return (count) => {
      for (let n = 0; n < count; n += 1) log.custom(context, peer, 1, 2, payload);
      return count;
    };
  },
  unsampled: () => {
    const log = createEventLog({ sampleRate: 0 });
    const context = log.newTrace();
    return (count) => {
      for (let n = 0; n < count; n += 1) log.packetSent(context, peer, 1200, n);
      return count;
    };
  },
};

const clockReads: Batch = (count) => {
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += performance.now();
  return sum;
};

const subject = SUBJECTS[process.argv[2] ?? ''];
if (subject === undefined) throw new TypeError(`usage: writing.ts ${Object.keys(SUBJECTS).join(' | ')}`);
const [event, clock] = timeInTurn([subject(), clockReads], ROUNDS);
console.log(JSON.stringify({ event, clock }));

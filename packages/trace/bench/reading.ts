// One trace out of a full ring: 16 events, of which none is another's neighbour.
import { createEventLog, tracePeer } from '../src/index.ts';

const ROUNDS = 2000;
const TRACES = 4096;
const SLOTS = 65_536;

const index = process.argv[2] === 'index';
const log = createEventLog({ index, slots: SLOTS });
const peer = tracePeer(new Uint8Array(32).fill(7));
const contexts = Array.from({ length: TRACES }, () => log.newTrace());
for (let n = 0; n < SLOTS * 2; n += 1) log.packetSent(contexts[n % TRACES], peer, 1200, n);

const samples: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const context = contexts[(round * 997) % TRACES]!;
  const start = process.hrtime.bigint();
  const events = log.query.trace(context);
  samples.push(Number(process.hrtime.bigint() - start) / 1000);
  if (events.length !== SLOTS / TRACES) throw new Error(`${events.length} events instead of ${SLOTS / TRACES}.`);
}
// The first half warms up.
const sorted = samples.slice(ROUNDS / 2).sort((a, b) => a - b);
console.log(JSON.stringify({ medianUs: sorted[sorted.length >> 1]!, quietUs: sorted[Math.floor(sorted.length / 10)]! }));

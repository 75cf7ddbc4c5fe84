// How often the garbage collector runs during ten million events, after warm-up, and how many bytes an event costs.
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import * as noop from '@p2p/trace-noop';
import * as live from '../src/index.ts';

const EVENTS = 10_000_000;
const BATCH = 10_000;
const WARM_UP = 300;

const off = process.argv[2] === 'off';
const { createEventLog, tracePeer } = off ? noop : live;
const log = createEventLog({ clock: process.argv[2] === 'coarse' ? 'coarse' : 'precise', index: process.argv[3] === 'index' });
const peer = tracePeer(new Uint8Array(32).fill(7));
const context = log.newTrace();

function batch(): void {
  for (let n = 0; n < BATCH; n += 1) log.packetSent(context, peer, 1200, n);
}

const allocated = (): number => (getHeapStatistics() as { total_allocated_bytes?: number }).total_allocated_bytes ?? Number.NaN;
let scavenges = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if ((entry as unknown as { detail: { kind: number } }).detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) scavenges += 1;
  }
});
observer.observe({ entryTypes: ['gc'] });
for (let round = 0; round < WARM_UP; round += 1) batch();
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
await turn();
await turn();
scavenges = 0;
const before = allocated();
for (let done = 0; done < EVENTS; done += BATCH) batch();
const bytes = allocated() - before;
await turn();
await turn();
observer.disconnect();
console.log(JSON.stringify({ scavenges, bytesPerEvent: bytes / EVENTS, written: log.stats.written }));

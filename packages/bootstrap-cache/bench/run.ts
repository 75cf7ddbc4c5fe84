// Figures of the README: `pnpm --filter @p2p/bootstrap-cache bench`. Medians; the reference's are quoted from its own measurements.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SeededRandom } from '@p2p/testkit';
import { BootstrapCache } from '../src/index.ts';
import { fillCache, PEERS } from './population.ts';

interface Row {
  readonly what: string;
  readonly best: number;
  readonly median: number;
  readonly worst: number;
  readonly unit: string;
  readonly target: number;
  readonly reference: string;
}

const rows: Row[] = [];

function report(what: string, values: readonly number[], unit: string, target: number, reference: string): void {
  const sorted = [...values].sort((a, b) => a - b);
  rows.push({ what, best: sorted[0]!, median: sorted[sorted.length >> 1]!, worst: sorted.at(-1)!, unit, target, reference });
}

/** Times per call in the unit that `perMs` converts to; each sample is the mean of `batch` calls. */
function time(samples: number, batch: number, perMs: number, work: (call: number) => unknown): number[] {
  const values: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    const start = performance.now();
    for (let call = 0; call < batch; call++) work(sample * batch + call);
    values.push(((performance.now() - start) * perMs) / batch);
  }
  return values;
}

/** The longest the event loop stood still while `work` ran, in ms, and how long that took. */
async function withLoopDelay(work: () => Promise<unknown>): Promise<{ tookMs: number; blockedMs: number }> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  histogram.reset();
  const start = performance.now();
  await work();
  const tookMs = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 5));
  histogram.disable();
  return { tookMs, blockedMs: histogram.max / 1e6 };
}

const dir = await mkdtemp(join(tmpdir(), 'bootstrap-cache-bench-'));
try {
  const random = new SeededRandom('bench');
  const cache = await BootstrapCache.open({ dir, maxPeers: PEERS, random });
  const ids = fillCache(cache, random);
  cache.recalculateQuality();

  for (const strategy of ['epsilon-greedy', 'best-first', 'random', 'thompson'] as const) {
    time(60, 5, 1, () => cache.selectPeers(50, { strategy }));
    report(`selectPeers(50), ${strategy}`, time(101, 3, 1, () => cache.selectPeers(50, { strategy })), 'ms', strategy === 'thompson' ? Number.NaN : 0.3, strategy === 'epsilon-greedy' ? '23-28' : '');
  }
  report('selectPeers(50), all 30 000 rescored before', time(31, 1, 1, () => (cache.recalculateQuality(), cache.selectPeers(50))), 'ms', Number.NaN, '23-28');
  time(30, 5, 1, () => cache.selectRelays(1, { target: '198.51.100.7:4000' }));
  report('selectRelays(1, target)', time(101, 3, 1, () => cache.selectRelays(1, { target: '198.51.100.7:4000' })), 'ms', 1.5, '112-141');
  report('selectCoordinators(6)', time(101, 3, 1, () => cache.selectCoordinators(6)), 'ms', Number.NaN, '25-27');
  const order = Array.from({ length: 65_536 }, () => ids[random.integer(ids.length)]!);
  time(20, 10_000, 1000, (call) => cache.recordOutcome(order[call & 65_535]!, { ok: true, rttMs: 80 }));
  report('recordOutcome', time(101, 5000, 1000, (call) => cache.recordOutcome(order[call & 65_535]!, (call & 3) === 0 ? { ok: false } : { ok: true, rttMs: 80 })), 'µs', 0.5, '-');
  report('stats()', time(31, 1, 1, () => cache.stats()), 'ms', Number.NaN, '16-19');

  await cache.save();
  const other = await BootstrapCache.open({ dir, maxPeers: PEERS, random });
  const alone: { tookMs: number; blockedMs: number }[] = [];
  const merging: { tookMs: number; blockedMs: number }[] = [];
  for (let round = 0; round < 15; round++) {
    for (let call = 0; call < 2000; call++) cache.recordSuccess(order[(round * 2000 + call) & 65_535]!);
    merging.push(await withLoopDelay(() => cache.save()));
    cache.recordSuccess(ids[0]!);
    alone.push(await withLoopDelay(() => cache.save()));
    other.recordSuccess(ids[round]!);
    await other.save();
  }
  report('save, merging another process\'s file: time', merging.map(({ tookMs }) => tookMs), 'ms', 130, '132');
  report('save, merging: event loop blocked at most', merging.map(({ blockedMs }) => blockedMs), 'ms', 10, '132');
  report('save, file is ours: time', alone.map(({ tookMs }) => tookMs), 'ms', 130, '132');
  report('save, file is ours: event loop blocked at most', alone.map(({ blockedMs }) => blockedMs), 'ms', 10, '132');
  const { size } = await stat(join(dir, 'peers-default.cache'));
  report('file', [size / 1e6], 'MB', 4.5, '39');
  report('file, per peer', [size / cache.size], 'B', 150, '1300');
  await cache.close();

  const opening: number[] = [];
  for (let round = 0; round < 15; round++) {
    const start = performance.now();
    const opened = await BootstrapCache.open({ dir, maxPeers: PEERS });
    opening.push(performance.now() - start);
    if (opened.size !== PEERS) throw new Error(`opened ${opened.size} peers`);
  }
  report('open', opening, 'ms', 100, '129-176');
} finally {
  await rm(dir, { recursive: true });
}

console.log(`${PEERS} peers, Node ${process.version}, ${cpus()[0]?.model} x ${cpus().length}, load ${loadavg()[0]!.toFixed(1)}\n`);
console.log(`| ${'what'.padEnd(50)} | best | median | worst | unit | must reach | ant-quic |`);
console.log(`|${'-'.repeat(52)}|---|---|---|---|---|---|`);
for (const { what, best, median, worst, unit, target, reference } of rows) {
  const verdict = Number.isNaN(target) ? '' : `${target}${median <= target ? '' : ' MISSED'}`;
  console.log(`| ${what.padEnd(50)} | ${best.toPrecision(3)} | ${median.toPrecision(3)} | ${worst.toPrecision(3)} | ${unit} | ${verdict} | ${reference} |`);
}

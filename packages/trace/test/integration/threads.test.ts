import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { createEventLog, type TraceEvent } from '../../src/index.ts';
import { complaintAbout } from './checksummed-event.ts';

const LONG = process.env['TRACE_LONG'] === '1';
const THREADS = 8;
const DURATION_MS = LONG ? 10_000 : 1200;

interface Outcome {
  readonly events: number;
  readonly complaints: string[];
}

/** Reads in every way there is, for as long as asked, while threads write. */
async function readWhileWriting(options: Parameters<typeof createEventLog>[0]): Promise<{ outcome: Outcome; logged: number; stats: ReturnType<typeof createEventLog>['stats'] }> {
  const log = createEventLog({ shared: true, ...options });
  const stop = new SharedArrayBuffer(4);
  const workers = Array.from({ length: THREADS }, (_, writer) => new Worker(new URL('./checksum-thread.ts', import.meta.url), { workerData: { memory: log.memory, stop, writer } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const messages = workers.map(async (worker) => ((await once(worker, 'message')) as [number])[0]);
  const exits = workers.map((worker) => once(worker, 'exit'));
  const outcome = { events: 0, complaints: [] as string[] };
  const check = (events: readonly TraceEvent[], more?: (event: TraceEvent) => string | undefined): void => {
    outcome.events += events.length;
    for (const event of events) {
      const complaint = complaintAbout(event) ?? more?.(event);
      if (complaint !== undefined && outcome.complaints.length < 10) outcome.complaints.push(complaint);
    }
  };
  try {
    let { cursor } = log.query.since();
    const end = performance.now() + DURATION_MS;
    while (performance.now() < end || outcome.events < 2000) {
      const followed = log.query.since(cursor);
      ({ cursor } = followed);
      check(followed.events);
      const recent = log.query.recent(200);
      check(recent);
      // Traces and peers of events that may be overwritten meanwhile.
      for (const { traceId, peerId } of recent.filter((_, at) => at % 20 === 0)) {
        check(log.query.trace(traceId!), (event) => (event.traceId === traceId ? undefined : `trace ${event.traceId} instead of ${traceId}`));
        check(log.query.peer(peerId!), (event) => (event.peerId === peerId ? undefined : `peer ${event.peerId} instead of ${peerId}`));
      }
      const [from, to] = [recent[0]?.timeUs ?? 0, recent.at(-1)?.timeUs ?? 0];
      check(log.query.timeRange(from, to), ({ timeUs }) => (timeUs >= from && timeUs <= to ? undefined : `time ${timeUs}`));
      // Messages of the workers come in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1);
  }
  const logged = (await Promise.all(messages)).reduce((sum, count) => sum + count, 0);
  await Promise.all(exits);
  check(log.query.where({}));
  return { outcome, logged, stats: log.stats };
}

describe(`${THREADS} threads log for ${DURATION_MS} ms while a reader checks every event it gets`, () => {
  test.each([
    ['one lane of 64 slots, lapped all the time', { lanes: 1, slots: 64 }],
    ['one lane with index', { lanes: 1, slots: 4096, index: true }],
    ['a lane per thread, with index', { lanes: 8, slots: 1024, index: true }],
  ])('%s: no event is torn, stale or another’s', { timeout: DURATION_MS + 30_000 }, async (_what, options) => {
    const { outcome, logged, stats } = await readWhileWriting(options);
    expect(outcome.complaints).toEqual([]);
    expect(outcome.events).toBeGreaterThan(1000);
    expect(logged).toBeGreaterThan(THREADS * options.slots);
    expect(stats.written + stats.dropped).toBe(logged);
    expect(stats).toMatchObject({ threads: THREADS + 1, truncated: 0 });
    // oxlint-disable-next-line no-console
    if (LONG) console.info(`${outcome.events} events read of ${logged} logged, ${stats.dropped} dropped`);
  });
});

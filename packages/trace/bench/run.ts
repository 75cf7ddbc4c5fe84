// The table of the README: `pnpm --filter @p2p/trace bench`. Each row is measured in a process of its own, in turn with reads of the clock.
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Timing } from './batches.ts';

function run(program: string, ...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

interface Pair {
  readonly event: Timing;
  readonly clock: Timing;
}

const cell = (value: string, width: number): string => value.padStart(width);
const line = (what: string, ...cells: string[]): void => console.log(what.padEnd(52) + cells.map((text) => cell(text, 14)).join(''));
const ns = (value: number): string => `${value.toFixed(1)} ns`;

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadavg()[0]!.toFixed(1)}\n`);
line('one event', 'median', 'quiet tenth', 'clock reads', 'must');
const ROWS: readonly (readonly [string, string, readonly string[], string])[] = [
  ['packetSent, precise clock', 'writing.ts', ['precise'], '≤ 70 ns, 1.4×'],
  ['packetSent, coarse clock', 'writing.ts', ['coarse'], '≤ 25 ns'],
  ['packetSent, with index', 'writing.ts', ['index'], '≤ 90 ns'],
  ['packetSent, shared memory, one thread', 'writing.ts', ['shared'], ''],
  ['packetSent, two threads, each', 'two-threads.ts', [], '≤ 100 ns'],
  ['packetSent, two threads, with index, each', 'two-threads.ts', ['index'], ''],
  ['packetSent, two threads in one lane, each', 'two-threads.ts', ['-', 'one-lane'], ''],
  ['packetSent, peer as bytes', 'writing.ts', ['peer-bytes'], ''],
  ['spanStart, spanEnd', 'writing.ts', ['span'], ''],
  ['custom with 42 bytes', 'writing.ts', ['custom'], ''],
  ['packetSent of a trace that is not sampled', 'writing.ts', ['unsampled'], ''],
  ['pino 10, null destination', 'others.ts', ['pino'], ''],
  ['OpenTelemetry SDK 2, span without exporter', 'others.ts', ['otel'], ''],
  ['OpenTelemetry SDK 2, event of a span', 'others.ts', ['otel-event'], ''],
];
for (const [what, program, args, must] of ROWS) {
  const { event, clock } = run(program, ...args) as Pair;
  line(what, ns(event.medianNs), ns(event.quietNs), `${(event.medianNs / clock.medianNs).toFixed(2)}×`, must);
}

console.log();
line('one trace of 16 events in a full ring of 65 536', 'median', 'quiet tenth', '', 'must');
for (const [what, arg, must] of [['with index', 'index', '≤ 25 µs'], ['without', '-', '≤ 400 µs']] as const) {
  const { medianUs, quietUs } = run('reading.ts', arg) as { medianUs: number; quietUs: number };
  line(what, `${medianUs.toFixed(1)} µs`, `${quietUs.toFixed(1)} µs`, '', must);
}

console.log();
line('ten million events after warm-up', 'scavenges', 'bytes/event', '', 'must');
for (const args of [['off'], ['precise'], ['coarse'], ['precise', 'index']]) {
  const { scavenges, bytesPerEvent } = run('allocations.ts', ...args) as { scavenges: number; bytesPerEvent: number };
  line(args.join(', '), `${scavenges}`, Number.isNaN(bytesPerEvent) ? '?' : bytesPerEvent.toFixed(3), '', '0');
}

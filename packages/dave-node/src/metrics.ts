import type { Counters } from './core/counters.ts';

/** One reading of a metric. */
export interface MetricSample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** One metric: its name, what it says, and its labels. */
export interface MetricSpec {
  /** Prefixed `dave_`, units as suffix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** Where a node publishes its metrics: a few lines connect it to prom-client or any other library. */
export interface MetricsRegistrar {
  /** `read` is called at every scrape; counters only grow. */
  counter(spec: MetricSpec, read: () => readonly MetricSample[]): void;
  gauge(spec: MetricSpec, read: () => readonly MetricSample[]): void;
  /** `bucketsSeconds` are upper bounds in ascending order. */
  histogram(spec: MetricSpec & { readonly bucketsSeconds: readonly number[] }): { observe(seconds: number, labels?: Readonly<Record<string, string>>): void };
}

/** What a node shows through gauges. */
export interface MetricSources {
  readonly counters: Counters;
  peersByState(): Readonly<Record<string, number>>;
  usedSpace(): number;
  capacity(): number;
  entryCount(): number;
  pendingVerifications(): number;
}

/** How long the node's own calls took. */
export interface OperationTimers {
  observe(operation: 'get' | 'put', seconds: number, outcome: string): void;
}

/** From a loopback answer to a deadline. */
const BUCKETS_SECONDS = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function grouped(group: Readonly<Record<string, number>>, label: string): MetricSample[] {
  return Object.entries(group).map(([name, value]) => ({ value, labels: { [label]: name } }));
}

/** Registers every metric of a node. Labels are names from our own code, never peers or keys, so their number is bounded. */
export function registerMetrics(registrar: MetricsRegistrar, sources: MetricSources): OperationTimers {
  const { counters } = sources;
  const one = (value: number): MetricSample[] => [{ value }];
  registrar.counter({ name: 'dave_packets_received_total', help: 'Messages received over UDP', labels: ['op'] }, () => grouped(counters.packetsReceived, 'op'));
  registrar.counter({ name: 'dave_packets_sent_total', help: 'Messages sent over UDP', labels: ['op'] }, () => grouped(counters.packetsSent, 'op'));
  registrar.counter({ name: 'dave_packets_dropped_total', help: 'Messages refused, by reason', labels: ['reason'] }, () => grouped(counters.packetsDropped, 'reason'));
  registrar.counter({ name: 'dave_received_bytes_total', help: 'Bytes received over UDP' }, () => one(counters.bytesReceived));
  registrar.counter({ name: 'dave_sent_bytes_total', help: 'Bytes sent over UDP' }, () => one(counters.bytesSent));
  registrar.counter({ name: 'dave_puts_total', help: 'Dats offered to the store, by outcome', labels: ['outcome'] }, () => grouped(counters.puts, 'outcome'));
  registrar.counter({ name: 'dave_gets_total', help: 'Reads asked and answered, by outcome', labels: ['outcome'] }, () => grouped(counters.gets, 'outcome'));
  registrar.counter({ name: 'dave_repairs_total', help: 'Replicas looked after, by outcome', labels: ['outcome'] }, () => grouped(counters.repairs, 'outcome'));
  registrar.counter({ name: 'dave_connections_total', help: 'TCP connections, by what became of them', labels: ['outcome'] }, () => grouped(counters.connections, 'outcome'));
  registrar.gauge({ name: 'dave_peers', help: 'Peers known, by state', labels: ['state'] }, () => grouped(sources.peersByState(), 'state'));
  registrar.gauge({ name: 'dave_store_used_bytes', help: 'Accounted bytes of stored dats' }, () => one(sources.usedSpace()));
  registrar.gauge({ name: 'dave_store_capacity_bytes', help: 'Bytes that the store may hold' }, () => one(sources.capacity()));
  registrar.gauge({ name: 'dave_store_entries', help: 'Stored dats' }, () => one(sources.entryCount()));
  registrar.gauge({ name: 'dave_verifications_pending', help: 'Dats waiting for their signature to be checked' }, () => one(sources.pendingVerifications()));
  const durations = registrar.histogram({
    name: 'dave_operation_duration_seconds',
    help: "This node's own reads and writes",
    labels: ['operation', 'outcome'],
    bucketsSeconds: BUCKETS_SECONDS,
  });
  return { observe: (operation, seconds, outcome) => durations.observe(seconds, { operation, outcome }) };
}

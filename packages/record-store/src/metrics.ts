import type { StoreStats } from './types.ts';

/** One metric and its readings, for any metrics library. Labels are names from this package, so their number is bounded. */
export interface StoreMetric {
  /** Prefixed `record_store_`, units as suffix. */
  readonly name: string;
  readonly help: string;
  /** Counters only grow while the store is open. */
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly { readonly value: number; readonly labels?: Readonly<Record<string, string>> }[];
}

/** What a store's `stats()` say, as metrics. */
export function storeMetrics(stats: StoreStats): readonly StoreMetric[] {
  const { local, remote, origins, puts, rejected, gets, evicted, swept } = stats;
  const byClass = (of: 'records' | 'bytes' | 'providedKeys' | 'providers'): StoreMetric['samples'] => [
    { value: local[of], labels: { class: 'local' } },
    { value: remote[of], labels: { class: 'remote' } },
  ];
  const by = (label: string, counts: Readonly<Record<string, number>>): StoreMetric['samples'] => Object.entries(counts).map(([name, value]) => ({ value, labels: { [label]: name } }));
  return [
    { name: 'record_store_records', help: 'Value records that are stored', type: 'gauge', samples: byClass('records') },
    { name: 'record_store_bytes', help: 'Bytes that are stored, as limits count them', type: 'gauge', samples: byClass('bytes') },
    { name: 'record_store_provided_keys', help: 'Keys that have providers', type: 'gauge', samples: byClass('providedKeys') },
    { name: 'record_store_providers', help: 'Provider records that are stored', type: 'gauge', samples: byClass('providers') },
    { name: 'record_store_origins', help: 'Origins that have something stored', type: 'gauge', samples: [{ value: origins }] },
    { name: 'record_store_puts_total', help: 'Values and providers that were taken, by outcome', type: 'counter', samples: by('outcome', puts) },
    { name: 'record_store_rejected_total', help: 'Values and providers that were refused, by reason', type: 'counter', samples: by('reason', rejected) },
    { name: 'record_store_gets_total', help: 'Reads of values, by result', type: 'counter', samples: by('result', gets) },
    { name: 'record_store_evicted_total', help: 'Entries that made room, by why', type: 'counter', samples: by('why', evicted) },
    { name: 'record_store_swept_total', help: 'Expired entries that sweeps removed', type: 'counter', samples: [{ value: swept }] },
  ];
}

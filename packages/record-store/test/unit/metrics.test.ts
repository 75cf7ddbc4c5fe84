import { expect, test } from 'vitest';
import { acceptAny, MemoryRecordStore, storeMetrics } from '../../src/index.ts';

test('every number of the stats is a metric, with what happened in it', async () => {
  const store = new MemoryRecordStore({ localId: Uint8Array.of(1), validators: { default: acceptAny() }, limits: { maxValueBytes: 1 } });
  await store.put({ key: Uint8Array.of(1), value: Uint8Array.of(1) }, { origin: 'o' });
  await store.put({ key: Uint8Array.of(1), value: Uint8Array.of(1, 2) });
  const metrics = storeMetrics(await store.stats());
  const read = (name: string, labels?: Record<string, string>): number | undefined =>
    metrics.find((metric) => metric.name === name)?.samples.find((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
  expect(read('record_store_records', { class: 'remote' })).toBe(1);
  expect(read('record_store_bytes', { class: 'remote' })).toBe(2);
  expect(read('record_store_origins')).toBe(1);
  expect(read('record_store_puts_total', { outcome: 'inserted' })).toBe(1);
  expect(read('record_store_rejected_total', { reason: 'too-large' })).toBe(1);
  expect(metrics.every(({ name, type }) => name.startsWith('record_store_') && name.endsWith('_total') === (type === 'counter'))).toBe(true);
});

import { recordStoreConformance } from '@p2p/record-store/conformance';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openLibp2pStore } from './libp2p-store.ts';

/**
 * All that js-libp2p's stores (kad-dht 16.4.5) pass, of 71 cases that fit them. What the others found is in
 * the README of the record store: no expiry of a record's own, expired providers served, no caps, no
 * selection on put, no protection of what is local, value rows never swept, publishers dropped.
 */
const PASSES: readonly string[] = [
  'an empty value and keys with every byte are records like others',
  'keys of which one starts with the other do not touch each other',
  'long keys that differ in their last byte are different keys',
  'a provider that was added is listed with all it said, and gone after removal',
  'adding a provider again keeps one, in its place, with the newer addresses and expiry',
  'providers of keys of which one starts with the other do not mix',
  'key and provider are told apart at every boundary between them',
  'a value and providers under the same key are apart',
  'unlimited is a limit',
  'invalid records are refused and change nothing; each namespace has its own rule, the longest name wins',
  'records come in ascending order of their bytes, each once, whole',
  'prefix, after and limit choose; pages put together are the whole',
  'a scan goes on while records come and go: what stays is seen once, in order, and nothing twice',
  'a scan that is left early leaves nothing behind',
  'two scans at a time do not disturb each other',
  'what the caller does to a Buffer slice or to provider bytes after an add does not reach the store',
  'bytes that were returned stay as they are, whatever happens to the record',
];

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

test('js-libp2p’s provider and record storage against the suite', async () => {
  const cases: { name: string; run: () => Promise<void> }[] = [];
  recordStoreConformance({
    test: (name, run) => cases.push({ name, run }),
    open: (options) => openLibp2pStore(options, (ms) => vi.setSystemTime(ms)),
    capabilities: { durable: 'no', atomic: false, shared: false },
    without: ['schedule', 'events', 'stats'],
  });
  const passed: string[] = [];
  const failed: string[] = [];
  for (const { name, run } of cases) {
    await run().then(
      () => passed.push(name),
      (error: Error) => failed.push(`${name}\n    ${error.message}`),
    );
  }
  if (process.env['RECORD_STORE_LONG'] === '1') console.log(failed.join('\n'));
  expect(passed).toEqual(PASSES);
  expect(failed).toHaveLength(54);
});

import { MemoryRecordStore } from '@p2p/record-store';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import { test } from 'vitest';

recordStoreConformance({ test, open: async (options) => new MemoryRecordStore(options), capabilities: { durable: 'no', atomic: true, shared: false } });

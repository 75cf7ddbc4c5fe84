import { test } from 'vitest';
import { recordStoreConformance } from '../../src/conformance/index.ts';
import { MemoryRecordStore } from '../../src/index.ts';

recordStoreConformance({ test, open: async (options) => new MemoryRecordStore(options), capabilities: { durable: 'no', atomic: true, shared: false } });

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryDatastore } from 'datastore-core';
import { LevelDatastore } from 'datastore-level';
import { Key, type Datastore } from 'interface-datastore';
import { afterAll, describe, test } from 'vitest';
import { DatastoreRecordStore } from '@p2p/record-store/datastore';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import type { RecordStore } from '@p2p/record-store';

/** Kills fifty times instead of three. */
const LONG: boolean = process.env['RECORD_STORE_LONG'] === '1';

async function damage(datastore: Datastore, key: Uint8Array, provider: Uint8Array | undefined): Promise<void> {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const path = provider === undefined ? `/records/v/${hex(key)}` : `/records/p/${hex(key)}/${hex(provider)}`;
  await datastore.put(new Key(path), new TextEncoder().encode('garbage'));
}

describe('over memory', () => {
  const datastores = new WeakMap<RecordStore, Datastore>();
  const openOver = async (datastore: Datastore, options: Parameters<typeof DatastoreRecordStore.open>[0] | object): Promise<RecordStore> => {
    const store = await DatastoreRecordStore.open({ ...(options as Parameters<typeof DatastoreRecordStore.open>[0]), datastore });
    datastores.set(store, datastore);
    return store;
  };
  recordStoreConformance({
    test,
    capabilities: { durable: 'no', atomic: false, shared: false },
    open: (options) => openOver(new MemoryDatastore(), options),
    reopen: (closed, options) => openOver(datastores.get(closed)!, options),
    damage: (store, key, provider) => damage(datastores.get(store)!, key, provider),
  });
});

describe('over LevelDB', () => {
  const datastores = new WeakMap<RecordStore, LevelDatastore>();
  const opened: LevelDatastore[] = [];
  const directories: string[] = [];
  afterAll(async () => {
    for (const datastore of opened) await datastore.close();
    for (const directory of directories) await rm(directory, { recursive: true });
  });
  const directory = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'record-store-level-'));
    directories.push(path);
    return path;
  };
  const openOver = async (datastore: LevelDatastore, options: object): Promise<RecordStore> => {
    const store = await DatastoreRecordStore.open({ ...(options as Parameters<typeof DatastoreRecordStore.open>[0]), datastore, durable: 'process-crash', atomic: true });
    datastores.set(store, datastore);
    return store;
  };
  recordStoreConformance({
    test: (name, run) => test(name, run, LONG ? 600_000 : undefined),
    capabilities: { durable: 'process-crash', atomic: true, shared: false },
    fuzzRuns: 10,
    open: async (options) => {
      const datastore = new LevelDatastore(await directory());
      await datastore.open();
      opened.push(datastore);
      return await openOver(datastore, options);
    },
    reopen: async (closed, options) => openOver(datastores.get(closed)!, options),
    damage: (store, key, provider) => damage(datastores.get(store)!, key, provider),
    crash: {
      module: new URL('level-crash-module.ts', import.meta.url),
      kills: LONG ? 50 : 3,
      directory: async () => ({ path: await directory(), remove: async () => {} }),
    },
  });
});

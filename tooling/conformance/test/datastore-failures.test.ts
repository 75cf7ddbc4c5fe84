import { acceptAny, type RecordStore, type RecordStoreOptions } from '@p2p/record-store';
import { DatastoreRecordStore } from '@p2p/record-store/datastore';
import { MemoryDatastore } from 'datastore-core';
import { Key, type Batch, type Pair } from 'interface-datastore';
import { describe, expect, test } from 'vitest';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const options: RecordStoreOptions = { localId: utf8('me'), validators: { default: acceptAny() }, limits: { maxRecords: 5, maxProvidersPerKey: 2 }, policies: { fullKey: { name: 'oldest goes', choose: () => 0 } } };
const record = (name: string, value = 'v'): { key: Uint8Array; value: Uint8Array } => ({ key: utf8(name), value: utf8(value) });

/** Fails on demand; a commit may fail after having done the first of its changes, for batches are not atomic. */
class FailingDatastore extends MemoryDatastore {
  failCommits = 0;
  failGets = 0;
  isPartial = false;

  override get(key: Key): Uint8Array {
    if (this.failGets-- > 0) throw new Error('the disk is on fire');
    return super.get(key) as Uint8Array;
  }

  override batch(): Batch {
    const changes: (() => void)[] = [];
    return {
      put: (key: Key, value: Uint8Array): void => void changes.push(() => void super.put(key, value)),
      delete: (key: Key): void => void changes.push(() => void super.delete(key)),
      commit: (): void => {
        const fails = this.failCommits-- > 0;
        if (fails && this.isPartial) changes[0]?.();
        if (fails) throw new Error('no space left');
        for (const change of changes) change();
      },
    };
  }
}

async function opened(): Promise<{ datastore: FailingDatastore; store: RecordStore }> {
  const datastore = new FailingDatastore();
  return { datastore, store: await DatastoreRecordStore.open({ ...options, datastore }) };
}

/** What memory counts is what the rows say. */
async function agree(datastore: FailingDatastore, store: RecordStore): Promise<void> {
  const again = await DatastoreRecordStore.open({ ...options, datastore });
  const [{ local, remote, origins }, fresh] = [await store.stats(), await again.stats()];
  expect({ local, remote, origins }).toEqual({ local: fresh.local, remote: fresh.remote, origins: fresh.origins });
  const all = async (of: RecordStore): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const each of of.records()) found.push(each);
    return found;
  };
  expect(await all(store)).toEqual(await all(again));
}

describe('a datastore that fails', () => {
  test.each([false, true])('a commit that fails, in part: %s: the put rejects, and the store goes on with what is there', async (isPartial) => {
    const { datastore, store } = await opened();
    await store.putMany([record('a', 'one'), record('b', 'one')]);
    await store.addProvider({ key: utf8('k'), provider: utf8('p1'), addresses: ['x'] });
    datastore.isPartial = isPartial;
    datastore.failCommits = 1;
    const failed = await Promise.allSettled([
      store.put(record('a', 'two')),
      store.put(record('c', 'one')),
      store.remove(utf8('b')),
      store.addProvider({ key: utf8('k'), provider: utf8('p2'), addresses: ['y'] }),
    ]);
    for (const result of failed) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'RECORD_STORE_IO', cause: { message: 'no space left' } } });
    // Before the next write too, nobody sees what was not written.
    const names = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of store.records()) found.push(new TextDecoder().decode(key));
      return found;
    };
    expect(await names()).toEqual(['a', 'b']);
    expect((await store.providers(utf8('k'))).map(({ addresses }) => addresses)).toEqual([['x']]);
    await agree(datastore, store);
    expect(await store.put(record('d', 'after'))).toEqual({ outcome: 'inserted' });
    expect(new TextDecoder().decode((await store.get(utf8('a')))?.value)).toBe(isPartial ? 'two' : 'one');
    await agree(datastore, store);
  });

  test('reading that fails is an error of that call alone', async () => {
    const { datastore, store } = await opened();
    await store.put(record('a'));
    datastore.failGets = 1;
    await expect(store.get(utf8('a'))).rejects.toMatchObject({ code: 'RECORD_STORE_IO' });
    expect((await store.get(utf8('a')))?.value).toEqual(utf8('v'));
    datastore.failGets = 1;
    await expect(store.put(record('a', 'w'))).rejects.toMatchObject({ code: 'RECORD_STORE_IO' });
    expect(await store.put(record('a', 'w'))).toEqual({ outcome: 'updated' });
    await agree(datastore, store);
  });

  test('damaged rows: opening goes on, reading one says so, the others are served, writing it heals', async () => {
    const { datastore, store } = await opened();
    await store.putMany([record('bad'), record('good')]);
    await store.addProvider({ key: utf8('k'), provider: utf8('p1'), addresses: ['x'] });
    const rows: Pair[] = [];
    for await (const row of datastore.query({ prefix: '/records/' })) rows.push(row);
    for (const { key } of rows) if (!key.toString().includes('676f6f64')) await datastore.put(key, utf8('garbage'));
    await datastore.put(new Key('/records/v/not-hex'), utf8('of somebody else'));
    const again = await DatastoreRecordStore.open({ ...options, datastore });
    await expect(again.get(utf8('bad'))).rejects.toMatchObject({ code: 'RECORD_STORE_CORRUPT' });
    expect((await again.get(utf8('good')))?.value).toEqual(utf8('v'));
    expect(await again.providers(utf8('k'))).toEqual([]);
    expect(await again.put(record('bad', 'new'))).toEqual({ outcome: 'inserted' });
    expect((await again.get(utf8('bad')))?.value).toEqual(utf8('new'));
    await agree(datastore, again);
  });

  test('damaged rows are told of, at opening and by scans', async () => {
    const { datastore, store } = await opened();
    await store.putMany([record('bad'), record('good')]);
    await datastore.put(new Key('/records/v/626164'), utf8('garbage'));
    const damaged: string[] = [];
    const again = await DatastoreRecordStore.open({ ...options, datastore, onDamaged: ({ code }, key) => void damaged.push(`${code} ${new TextDecoder().decode(key)}`) });
    expect(damaged.splice(0)).toEqual(['RECORD_STORE_CORRUPT bad']);
    await datastore.put(new Key('/records/v/676f6f64'), utf8('garbage'));
    for await (const { key } of again.records()) expect(key).toBeUndefined();
    expect(damaged.splice(0)).toEqual(['RECORD_STORE_CORRUPT good']);
    await again.putMany([record('bad'), record('good')]);
    await agree(datastore, again);
  });

  test('a commit and the reading after it that fail: the next write sets memory right', async () => {
    const { datastore, store } = await opened();
    await store.put(record('a', 'one'));
    datastore.failCommits = 1;
    const failing = store.put(record('b', 'one'));
    datastore.failGets = 1;
    await expect(failing).rejects.toMatchObject({ code: 'RECORD_STORE_IO', cause: { message: 'no space left' } });
    expect(await store.put(record('c', 'one'))).toEqual({ outcome: 'inserted' });
    await agree(datastore, store);
  });

  test('a row that somebody deletes behind the store’s back is gone', async () => {
    const { datastore, store } = await opened();
    await store.put(record('a'));
    await datastore.delete(new Key('/records/v/61'));
    expect(await store.get(utf8('a'))).toBeUndefined();
    expect(await store.put(record('a'))).toEqual({ outcome: 'inserted' });
    await agree(datastore, store);
  });

  test('two stores under prefixes of their own do not see each other', async () => {
    const datastore = new MemoryDatastore();
    const [one, other] = [await DatastoreRecordStore.open({ ...options, datastore, prefix: '/a' }), await DatastoreRecordStore.open({ ...options, datastore, prefix: '/a/v' })];
    await one.put(record('k', 'one'));
    await other.put(record('k', 'other'));
    const again = await DatastoreRecordStore.open({ ...options, datastore, prefix: '/a' });
    expect((await again.get(utf8('k')))?.value).toEqual(utf8('one'));
    expect((await again.stats()).remote.records).toBe(1);
    await expect(DatastoreRecordStore.open({ ...options, datastore, prefix: 'no path' })).rejects.toBeInstanceOf(TypeError);
  });
});

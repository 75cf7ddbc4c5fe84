import { defaultLogger } from '@libp2p/logger';
import { peerIdFromMultihash } from '@libp2p/peer-id';
import { Libp2pRecord } from '@libp2p/record';
import type { ProviderRecord, PutResult, RecordsOptions, RecordStore, RecordStoreOptions, SweepResult, ValueRecord } from '@p2p/record-store';
import { MemoryDatastore } from 'datastore-core';
import { Key } from 'interface-datastore';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { sha256 } from 'multiformats/hashes/sha2';

/** js-libp2p keeps records for 48 hours, counted from when they came. */
const VALIDITY_MS = 48 * 3_600_000;
const PREFIX = '/dht';
/** It takes no keys without a namespace; the suite's all get this one. */
const NAMESPACE = new TextEncoder().encode('/t/');

type PeerId = ReturnType<typeof peerIdFromMultihash>;

/** The parts of `@libp2p/kad-dht` that store; it exports only the whole. */
interface Parts {
  providers: { Providers: new (components: object, init: object) => { addProvider(cid: CID, id: PeerId, options: object): Promise<void>; removeProvider(cid: CID, id: PeerId): Promise<void>; loadProviders(cid: CID): Promise<Iterable<[PeerId, Date]>> } };
  putValue: { PutValueHandler: new (components: object, init: object) => { handle(from: PeerId, message: object): Promise<unknown> } };
  getValue: { GetValueHandler: new (components: object, init: object) => { _checkLocalDatastore(key: Uint8Array): Promise<Libp2pRecord | undefined> } };
  reprovider: { Reprovider: new (components: object, init: object) => { processRecords(options: object): Promise<void> } };
  utils: { bufferToRecordKey(prefix: string, key: Uint8Array): Key };
}

async function parts(): Promise<Parts> {
  const at = (path: string): Promise<unknown> => import(new URL(path, import.meta.resolve('@libp2p/kad-dht')).href);
  const [providers, putValue, getValue, reprovider, utils] = await Promise.all(['providers.js', 'rpc/handlers/put-value.js', 'rpc/handlers/get-value.js', 'reprovider.js', 'utils.js'].map(at));
  return { providers, putValue, getValue, reprovider, utils } as unknown as Parts;
}

/**
 * js-libp2p's own code for providers and values behind our interface, as thin as it goes: what is stored, when
 * it expires and what is refused is decided by it alone. Addresses, which it keeps in its peer store, are kept
 * beside it. `setTime` is called before everything, for it reads the system's clock.
 */
export async function openLibp2pStore(options: RecordStoreOptions, setTime: (ms: number) => void): Promise<RecordStore> {
  const { providers, putValue, getValue, reprovider, utils } = await parts();
  const datastore = new MemoryDatastore();
  const ids = new Map<string, Uint8Array>();
  const addresses = new Map<string, readonly string[]>();
  const peerOf = async (id: Uint8Array): Promise<PeerId> => {
    const peer = peerIdFromMultihash(id.length === 32 ? Digest.create(0x12, id) : await sha256.digest(id));
    ids.set(peer.toString(), Uint8Array.from(id));
    return peer;
  };
  const keys = new Map<string, Uint8Array>();
  const cidOf = (key: Uint8Array): CID => {
    const cid = CID.createV1(0x55, Digest.create(0, Uint8Array.from(key)));
    keys.set(cid.toString(), Uint8Array.from(key));
    return cid;
  };
  const self = await peerOf(options.localId);
  const components = { datastore, logger: defaultLogger(), peerId: self, addressManager: { getAddresses: () => [] } };
  const names = Object.entries(options.validators.namespaces ?? {}).sort(([one], [other]) => other.length - one.length);
  const validate = async (key: Uint8Array, value: Uint8Array): Promise<void> => {
    const own = key.subarray(NAMESPACE.length);
    const validator = names.find(([name]) => new TextDecoder().decode(own).startsWith(name))?.[1] ?? options.validators.default;
    if (!(await validator.validate({ key: own, value }, now())).valid) throw new Error('invalid');
  };
  const init = { logPrefix: 'test', datastorePrefix: PREFIX, metricsPrefix: 'test', validators: { t: validate }, selectors: {}, contentRouting: {}, peerRouting: {} };
  const providerStore = new providers.Providers(components, init);
  const put = new putValue.PutValueHandler(components, init);
  const get = new getValue.GetValueHandler(components, init);
  const sweeper = new reprovider.Reprovider(components, init);
  const now = (): number => {
    const ms = options.clock!.now();
    setTime(ms);
    return ms;
  };
  const named = (key: Uint8Array): Uint8Array => Uint8Array.of(...NAMESPACE, ...key);
  const rowKey = (key: Uint8Array): Key => utils.bufferToRecordKey(`${PREFIX}/record`, named(key));
  const fromRecord = (record: Libp2pRecord): ValueRecord => ({ key: record.key.subarray(NAMESPACE.length), value: record.value, expires: record.timeReceived.getTime() + VALIDITY_MS });
  const putOne = async (record: ValueRecord): Promise<PutResult> => {
    if (!(record.key instanceof Uint8Array) || !(record.value instanceof Uint8Array)) throw new TypeError('no bytes');
    const before = await get._checkLocalDatastore(named(record.key));
    try {
      await put.handle(self, { key: named(record.key), record: new Libp2pRecord(named(record.key), record.value, new Date(now())).serialize() });
    } catch (error) {
      if ((error as Error).message !== 'invalid') throw error;
      return { outcome: 'rejected', reason: 'invalid' };
    }
    if (before === undefined) return { outcome: 'inserted' };
    return { outcome: before.value.join() === record.value.join() ? 'refreshed' : 'updated' };
  };
  const list = async (key: Uint8Array): Promise<ProviderRecord[]> => {
    const found: ProviderRecord[] = [];
    for (const [peer, time] of await providerStore.loadProviders(cidOf(key))) {
      found.push({ key, provider: ids.get(peer.toString())!, addresses: addresses.get(peer.toString()) ?? [], expires: time.getTime() + VALIDITY_MS });
    }
    return found;
  };
  const store: Partial<RecordStore> = {
    capabilities: { durable: 'no', atomic: false, shared: false },
    get: async (key) => {
      now();
      const record = await get._checkLocalDatastore(named(key));
      return record === undefined ? undefined : fromRecord(record);
    },
    put: putOne,
    putMany: async (records) => {
      const results: PutResult[] = [];
      for (const record of records) results.push(await putOne(record));
      return results;
    },
    remove: async (key) => {
      const existed = await datastore.has(rowKey(key));
      await datastore.delete(rowKey(key));
      return existed;
    },
    records: async function* ({ prefix = new Uint8Array(0), after = new Uint8Array(0), limit = Number.POSITIVE_INFINITY }: RecordsOptions = {}) {
      now();
      // It has no scan of its own: sorting and choosing is ours.
      const found: ValueRecord[] = [];
      for await (const { value } of datastore.query({ prefix: `${PREFIX}/record/` })) found.push(fromRecord(Libp2pRecord.deserialize(value)));
      const chosen = found.filter(({ key }) => Buffer.compare(key, after) > 0 && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0);
      yield* chosen.sort((one, other) => Buffer.compare(one.key, other.key)).slice(0, limit);
    },
    addProvider: async ({ key, provider, addresses: at, expires }) => {
      const peer = await peerOf(provider);
      const before = (await list(key)).find((record) => record.provider.join() === provider.join());
      addresses.set(peer.toString(), [...at]);
      await providerStore.addProvider(cidOf(key), peer, { time: new Date((expires ?? now() + VALIDITY_MS) - VALIDITY_MS) });
      if (before === undefined) return { outcome: 'inserted' };
      return { outcome: before.addresses.join() === at.join() ? 'refreshed' : 'updated' };
    },
    removeProvider: async (key, provider) => {
      const peer = await peerOf(provider);
      const existed = (await list(key)).some((record) => record.provider.join() === provider.join());
      await providerStore.removeProvider(cidOf(key), peer);
      return existed;
    },
    providers: async (key, { limit = 20 } = {}) => {
      now();
      return (await list(key)).slice(0, limit);
    },
    provided: async function* () {
      now();
      for (const key of keys.values()) for (const record of await list(key)) if (record.provider.join() === options.localId.join()) yield record;
    },
    sweep: async (): Promise<SweepResult> => {
      now();
      const count = async (of: string): Promise<number> => {
        let rows = 0;
        for await (const key of datastore.queryKeys({ prefix: `${PREFIX}/${of}/` })) rows += key.toString().length > 0 ? 1 : 0;
        return rows;
      };
      const before = [await count('record'), await count('provider')] as const;
      await sweeper.processRecords({});
      return { records: before[0] - (await count('record')), providers: before[1] - (await count('provider')), bytes: 0, more: false };
    },
    on: () => ({ [Symbol.dispose]: (): void => {} }),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return store as RecordStore;
}

import { defaultLogger } from '@libp2p/logger';
import { peerIdFromMultihash } from '@libp2p/peer-id';
import { Libp2pRecord } from '@libp2p/record';
import type { Datastore } from 'interface-datastore';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import type { Subject } from './subjects.ts';

type PeerId = ReturnType<typeof peerIdFromMultihash>;

/** js-libp2p's own code for values and providers over a datastore; its package exports only the whole. */
export interface Libp2pStores extends Subject {
  addProvider(key: Uint8Array, id: Uint8Array): Promise<unknown>;
}

export async function libp2pStores(datastore: Datastore & { close(): Promise<void> }): Promise<Libp2pStores> {
  const part = async (path: string): Promise<Record<string, new (components: object, init: object) => never>> =>
    (await import(new URL(path, import.meta.resolve('@libp2p/kad-dht')).href)) as never;
  const components = { datastore, logger: defaultLogger() };
  const init = { logPrefix: 'bench', datastorePrefix: '/dht', validators: { t: async () => {} }, peerRouting: {} };
  const putHandler = new (await part('rpc/handlers/put-value.js'))['PutValueHandler']!(components, init) as { handle(from: PeerId, message: object): Promise<unknown> };
  const getHandler = new (await part('rpc/handlers/get-value.js'))['GetValueHandler']!(components, init) as { _checkLocalDatastore(key: Uint8Array): Promise<unknown> };
  const providers = new (await part('providers.js'))['Providers']!(components, init) as { addProvider(cid: CID, id: PeerId): Promise<void> };
  const peerOf = (id: Uint8Array): PeerId => peerIdFromMultihash(Digest.create(0x12, id) as never);
  const self = peerOf(new Uint8Array(32));
  const name = new TextEncoder().encode('/t/');
  const named = (key: Uint8Array): Uint8Array => {
    const bytes = new Uint8Array(name.length + key.length);
    bytes.set(name);
    bytes.set(key, name.length);
    return bytes;
  };
  return {
    put: (key, value) => putHandler.handle(self, { key: named(key), record: new Libp2pRecord(named(key), value, new Date()).serialize() }),
    get: (key) => getHandler._checkLocalDatastore(named(key)),
    close: () => datastore.close(),
    addProvider: (key, id) => providers.addProvider(CID.createV1(0x55, Digest.create(0x12, key)), peerOf(id)),
  };
}

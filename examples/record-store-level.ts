// The datastore engine over js-libp2p's datastore-level: records and providers over a restart, and where the schedule was.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LevelDatastore } from 'datastore-level';
import { acceptAny, publicKey, type RecordStore, type ResumeToken } from '@p2p/record-store';
import { DatastoreRecordStore } from '@p2p/record-store/datastore';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const directory = await mkdtemp(join(tmpdir(), 'record-store-example-'));

/** The datastore stays ours to open and close. */
async function withStore<T>(work: (store: RecordStore) => Promise<T>): Promise<T> {
  const datastore = new LevelDatastore(directory);
  await datastore.open();
  const validators = { default: acceptAny(), namespaces: { '/pk/': publicKey() } };
  const store = await DatastoreRecordStore.open({ datastore, localId: utf8('this node'), validators, durable: 'process-crash', atomic: true });
  try {
    return await work(store);
  } finally {
    await store.close();
    await datastore.close();
  }
}

async function dueTokens(store: RecordStore, after?: ResumeToken): Promise<ResumeToken[]> {
  const tokens: ResumeToken[] = [];
  // As if it were two days later.
  for await (const { token } of store.due(Date.now() + 2 * 24 * 3_600_000, { after })) tokens.push(token);
  return tokens;
}

const token = await withStore(async (store) => {
  for (let number = 0; number < 5; number++) await store.put({ key: utf8(`key ${number}`), value: utf8(`value ${number}`), publisher: utf8('this node') });
  await store.addProvider({ key: utf8('film'), provider: utf8('this node'), addresses: ['192.0.2.1:4001'] });
  const refused = await store.put({ key: utf8('/pk/somebody'), value: utf8('no key') });
  console.log(`a public key that is none: ${refused.outcome === 'rejected' ? refused.reason : refused.outcome}`);
  const tokens = await dueTokens(store);
  console.log(`before the restart: ${tokens.length} are due, 2 of them are sent`);
  return tokens[1]!;
});

await withStore(async (store) => {
  const value = await store.get(utf8('key 3'));
  console.log(`after the restart: key 3 holds '${new TextDecoder().decode(value?.value)}'`);
  for await (const { key, addresses } of store.provided()) console.log(`still provided: ${new TextDecoder().decode(key)} at ${addresses[0]}`);
  console.log(`left to send: ${(await dueTokens(store, token)).length}`);
});
await rm(directory, { recursive: true });

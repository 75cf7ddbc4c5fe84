import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDat, datDigest, decodeEntry, encodeEntry, encodeUtf8, generateKeyPair, keyPairFromSeed, TTL_MS } from '@p2p/dave-wire';
import { dat, type ValueRecord } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';

const BATCH = 4096;

/** Dats of one author in the record file of a data directory. */
export interface RestartData {
  readonly dataDir: string;
  readonly publicKey: Uint8Array;
  readonly dats: number;
}

export const keyOf = (number: number): string => `key ${number}`;

/** Fills the directory of a node that has run in it before, or goes on with what an earlier run made: signing a million takes minutes. */
export async function prepare(dataDir: string, dats: number, valueBytes: number): Promise<RestartData> {
  const seedFile = join(dataDir, 'author.seed');
  if (!existsSync(seedFile)) await writeFile(seedFile, generateKeyPair().privateKey);
  const { privateKey, publicKey } = keyPairFromSeed(new Uint8Array(await readFile(seedFile)));
  const store = await LmdbRecordStore.open({
    path: join(dataDir, 'records.lmdb'),
    localId: new Uint8Array(32),
    // A file made for somebody else would be made anew at the start that is measured.
    keepOwner: true,
    validators: { default: dat({ read: readView }) },
    limits: { maxRecords: 'unlimited', maxTotalBytes: 'unlimited' },
    maxTtlMs: 'unlimited',
  });
  try {
    const { local, remote } = await store.stats();
    for (let from = local.records + remote.records; from < dats; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, dats - from) }, (_, at) => record(privateKey, publicKey, from + at, valueBytes));
      await store.putMany(await Promise.all(batch));
      process.stderr.write(`\r${from + batch.length} of ${dats} dats`);
    }
    process.stderr.write('\n');
  } finally {
    await store.close();
  }
  return { dataDir, publicKey, dats };
}

async function record(privateKey: Uint8Array, publicKey: Uint8Array, number: number, valueBytes: number): Promise<ValueRecord> {
  const made = await createDat({ privateKey, key: keyOf(number), value: new Uint8Array(valueBytes).fill(number & 0xff) });
  return { key: recordKey(publicKey, made.key), value: encodeEntry({ dat: made, replicas: [] }), publisher: publicKey, expires: made.time + TTL_MS };
}

/** As the node files its entries. */
function recordKey(publicKey: Uint8Array, key: string): Uint8Array {
  return Uint8Array.from([...publicKey, ...encodeUtf8(key)]);
}

function readView(value: Uint8Array): { recordKey: Uint8Array; timeMs: number; digest: Uint8Array } {
  const entry = decodeEntry(value);
  return { recordKey: recordKey(entry.dat.publicKey, entry.dat.key), timeMs: entry.dat.time, digest: datDigest(entry.dat) };
}

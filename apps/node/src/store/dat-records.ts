import { datDigest, decodeEntry, encodeUtf8, type Dat, type Entry } from '@p2p/dave-wire';
import type { RecordStoreOptions } from '@p2p/record-store';
import { dat } from '@p2p/record-store';

/** What a dat is filed under: publicKey ‖ key in UTF-8, as the node files its entries. */
export function recordKeyOf({ publicKey, key }: Pick<Dat, 'publicKey' | 'key'>): Uint8Array {
  const keyBytes = encodeUtf8(key);
  const bytes = new Uint8Array(publicKey.length + keyBytes.length);
  bytes.set(publicKey);
  bytes.set(keyBytes, publicKey.length);
  return bytes;
}

/** The entry in a record's value; undefined when it is none. */
export function entryIn(value: Uint8Array): Entry | undefined {
  try {
    return decodeEntry(value);
  } catch {
    // Only a WireError comes from here: the bytes are no entry.
    return undefined;
  }
}

/**
 * Options of a store of dats, whatever the engine: the newer dat wins, as everywhere in the network.
 * The node bounds what it stores itself, and has verified it before.
 */
export function datRecordOptions(localId: Uint8Array): RecordStoreOptions {
  return {
    localId,
    validators: {
      default: dat({
        read: (value) => {
          const entry = entryIn(value);
          return entry === undefined ? undefined : { recordKey: recordKeyOf(entry.dat), timeMs: entry.dat.time, digest: datDigest(entry.dat) };
        },
      }),
    },
    limits: {
      maxRecords: 'unlimited',
      maxTotalBytes: 'unlimited',
      perOrigin: { maxRecords: 'unlimited', maxBytes: 'unlimited', maxProviders: 'unlimited' },
    },
    maxTtlMs: 'unlimited',
  };
}

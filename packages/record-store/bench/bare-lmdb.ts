import { open } from 'lmdb';
import type { Subject } from './subjects.ts';

/** What the package `lmdb` does by itself when a put resolves on the disk: no expiry, no checksums, no decisions. */
export async function bareLmdb(path: string): Promise<Subject> {
  const database = open<Buffer, Uint8Array>({ path, pageSize: 4096, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false });
  return {
    put: (key, value) => database.put(key, value as Buffer),
    get: async (key) => database.getBinary(key),
    close: () => database.close(),
  };
}

import type { Dat } from '@p2p/dave-wire';
import type { BulkClient, BulkRead, BulkReader, BulkWriter, BulkWritten } from '../../src/client/bulk.ts';
import type { Client, Found, Placed, ReadOptions } from '../../src/client/client.ts';

/** Replicas that are one map: what was written is read, unless a test says otherwise. */
export class MemoryNetwork implements Client, BulkClient {
  readonly dats = new Map<string, Dat>();
  /** Every dat that was written and key that was read, in order. */
  readonly written: string[] = [];
  readonly asked: string[] = [];
  /** What becomes of one of many dats; throws to break the connection. */
  onWrite: (dat: Dat) => BulkWritten = () => ({ acks: 5, replicas: 5 });
  /** What is answered instead of what is there. */
  onRead: (key: string) => BulkRead | undefined = () => undefined;

  put(dat: Dat): Promise<Placed> {
    this.#keep(dat);
    return Promise.resolve({ acks: 5, replicas: [] });
  }

  get(publicKey: Uint8Array, key: string, _options: ReadOptions): Promise<Found> {
    const read = this.#read(publicKey, key);
    return Promise.resolve(read.found ? { ...read, replicas: [], source: 'memory' } : read);
  }

  openWriter(): BulkWriter {
    return {
      write: async (dat) => {
        await Promise.resolve();
        const result = this.onWrite(dat);
        if (result.acks > 0) this.#keep(dat);
        return result;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  openReader(publicKey: Uint8Array): BulkReader {
    return {
      read: async (key) => {
        await Promise.resolve();
        return this.#read(publicKey, key);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #read(publicKey: Uint8Array, key: string): BulkRead {
    this.asked.push(key);
    const dat = this.dats.get(nameOf(publicKey, key));
    return this.onRead(key) ?? (dat === undefined ? { found: false, asked: 5, answered: 5 } : { found: true, dat });
  }

  #keep(dat: Dat): void {
    this.written.push(dat.key);
    const name = nameOf(dat.publicKey, dat.key);
    const standing = this.dats.get(name);
    if (standing === undefined || dat.time > standing.time) this.dats.set(name, dat);
  }

  /** Replaces what stands under a key by other bytes, as the author or nobody signed them. */
  replace(dat: Dat): void {
    this.dats.set(nameOf(dat.publicKey, dat.key), dat);
  }
}

function nameOf(publicKey: Uint8Array, key: string): string {
  return `${Buffer.from(publicKey).toString('hex')}/${key}`;
}

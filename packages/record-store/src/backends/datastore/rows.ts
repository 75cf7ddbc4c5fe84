import { TRACE } from '@p2p/trace';
import type { Datastore, Key } from 'interface-datastore';
import { RecordStoreError } from '../../errors.ts';
import type { TracedWork } from '../../trace/traced-work.ts';

/** Puts and deletes that belong together; undefined deletes. */
export type RowChange = readonly [Key, Uint8Array | undefined];

/** A datastore whose failures are `RecordStoreError`s and whose missing rows are undefined. */
export class Rows {
  declare trace: TracedWork | undefined;
  readonly #datastore: Datastore;

  constructor(datastore: Datastore) {
    this.#datastore = datastore;
  }

  get(key: Key, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (TRACE && this.trace !== undefined) return this.trace('records.datastore.get', () => this.#get(key, signal));
    return this.#get(key, signal);
  }

  commit(changes: readonly RowChange[]): Promise<void> {
    if (TRACE && this.trace !== undefined) return this.trace('records.datastore.commit', () => this.#commit(changes));
    return this.#commit(changes);
  }

  async #get(key: Key, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      return await this.#datastore.get(key, signal === undefined ? {} : { signal });
    } catch (error) {
      const { name, code } = error as { name?: unknown; code?: unknown };
      if (name === 'NotFoundError' || code === 'ERR_NOT_FOUND') return undefined;
      signal?.throwIfAborted();
      throw failed('reading', error);
    }
  }

  async #commit(changes: readonly RowChange[]): Promise<void> {
    try {
      const batch = this.#datastore.batch();
      for (const [key, row] of changes) {
        if (row === undefined) batch.delete(key);
        else batch.put(key, row);
      }
      await batch.commit();
    } catch (error) {
      throw failed('writing', error);
    }
  }

  async *all(prefix: string): AsyncGenerator<{ key: Key; value: Uint8Array }> {
    try {
      yield* this.#datastore.query({ prefix });
    } catch (error) {
      throw failed('reading all', error);
    }
  }
}

function failed(what: string, cause: unknown): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_IO', `${what} of the datastore failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
}

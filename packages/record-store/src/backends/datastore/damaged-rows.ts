import type { Key } from 'interface-datastore';
import { RecordStoreError } from '../../errors.ts';

/** Rows that cannot be read: they count for nothing, asking for them says so, and writing them anew heals. */
export class DamagedRows {
  readonly #errors = new Map<string, RecordStoreError>();

  /** Runs `read`; false when the row turned out to be damaged. Other errors pass. */
  guard(path: Key, read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      if (!(error instanceof RecordStoreError) || error.code !== 'RECORD_STORE_CORRUPT') throw error;
      this.#errors.set(path.toString(), error);
      return false;
    }
  }

  /** @throws RecordStoreError RECORD_STORE_CORRUPT when this row is damaged. */
  throwIfDamaged(path: Key): void {
    const error = this.#errors.get(path.toString());
    if (error !== undefined) throw new RecordStoreError(error.code, error.message, { cause: error });
  }

  /** The row was written. */
  forget(path: Key): void {
    this.#errors.delete(path.toString());
  }
}

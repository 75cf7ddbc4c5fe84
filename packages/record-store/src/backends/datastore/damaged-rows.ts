import type { Key } from 'interface-datastore';
import { RecordStoreError } from '../../errors.ts';
import { intact } from '../intact.ts';

/** Rows that cannot be read: they count for nothing, asking for them says so, and removing them or writing them anew heals. */
export class DamagedRows {
  readonly #errors = new Map<string, RecordStoreError>();
  readonly #onDamaged: (error: RecordStoreError, key: Uint8Array) => void;

  constructor(onDamaged: (error: RecordStoreError, key: Uint8Array) => void) {
    this.#onDamaged = onDamaged;
  }

  /** What `read` makes of the row of this key, or undefined when it turned out to be damaged, which is told. Other errors pass. */
  guard<T>(path: Key, key: Uint8Array, read: () => T): T | undefined {
    return intact(read, (error) => {
      this.#errors.set(path.toString(), error);
      this.#onDamaged(error, key);
    });
  }

  has(path: Key): boolean {
    return this.#errors.has(path.toString());
  }

  /** @throws RecordStoreError RECORD_STORE_CORRUPT when this row is damaged. */
  throwIfDamaged(path: Key): void {
    const error = this.#errors.get(path.toString());
    if (error !== undefined) throw new RecordStoreError(error.code, error.message, { cause: error });
  }

  /** The row was written or deleted. */
  forget(path: Key): void {
    this.#errors.delete(path.toString());
  }
}

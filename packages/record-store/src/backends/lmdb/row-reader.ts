import { claimed, type Reader } from '../../core/claimed.ts';
import { decodeProvidersRow } from './provider-row.ts';
import type { FiledProvider, FiledValue } from './rows.ts';
import { decodeValueRow } from './value-row.ts';

/** Whose store it is. */
export interface RowOwner {
  readonly localId: Uint8Array;
  /** Infinity: for ever. */
  readonly maxTtlMs: number;
}

/** Rows as this node sees them: what another `localId` called its own is others', and keeps what it was in `as`. */
export class RowReader {
  readonly #reader: Reader | undefined;

  /** @param owner Undefined: rows are taken as they were written. */
  constructor(owner: RowOwner | undefined) {
    // Times of its own entries were bounded as they were put.
    this.#reader = owner === undefined ? undefined : { localId: owner.localId, maxTtlMs: owner.maxTtlMs, now: Number.POSITIVE_INFINITY };
  }

  /** Its bytes are views of `row`. @throws RecordStoreError RECORD_STORE_CORRUPT. */
  value(key: Uint8Array, rowKey: Uint8Array, row: Buffer): FiledValue {
    const stored = decodeValueRow(key, rowKey, row);
    return stored.local ? (this.#seen(stored) ?? stored) : stored;
  }

  /** Without what others said of this node while it had another id. @throws RecordStoreError RECORD_STORE_CORRUPT. */
  providers(key: Uint8Array, rowKey: Uint8Array, row: Buffer): FiledProvider[] {
    return decodeProvidersRow(key, rowKey, row).flatMap((stored) => this.#seen(stored) ?? []);
  }

  #seen<S extends FiledValue | FiledProvider>(stored: S): S | undefined {
    if (this.#reader === undefined) return stored;
    const mine = claimed(stored, this.#reader);
    return mine === undefined || mine === stored ? mine : { ...mine, as: stored };
  }
}

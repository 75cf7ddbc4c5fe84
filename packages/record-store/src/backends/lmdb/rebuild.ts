import { providerRowKey } from '../../core/stored-codec.ts';
import { RecordStoreError } from '../../errors.ts';
import type { RowWrite } from './environment.ts';
import type { RawEntry } from './intact-entries.ts';
import { decodeProvidersRow, encodeProvidersRow } from './provider-row.ts';
import { classOf, expiryKey, originKey, ROW, rowKey, type FiledProvider, type FiledValue } from './rows.ts';
import { LmdbUsage } from './usage-rows.ts';
import { decodeValueRow, encodeValueRow } from './value-row.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Makes a store's rows from its records alone: indexes and numbers follow from them. */
export class Rebuild {
  /** Records that were intact. */
  records = 0;
  providers = 0;
  damagedRows = 0;
  readonly #usage = new LmdbUsage();

  /** The rows for what this one holds; none for an index, or for one that is damaged. */
  take({ key, value }: RawEntry): RowWrite[] {
    const own = Buffer.from(value);
    try {
      if (key[0] === ROW.value) return this.#value(Uint8Array.from(key), own);
      if (key[0] === ROW.providers) return this.#providers(Uint8Array.from(key), own);
    } catch (error) {
      if (!(error instanceof RecordStoreError)) throw error;
      this.damagedRows += 1;
    }
    return [];
  }

  /** Rows that count what was taken so far. */
  counts(): RowWrite[] {
    return [...this.#usage.rows()].map(([key, value]) => ({ key, value }));
  }

  #value(at: Uint8Array, row: Buffer): RowWrite[] {
    const stored = decodeValueRow(at.subarray(1), at, row);
    this.records += 1;
    this.#usage.count('value', stored, stored.bytes, 1);
    return [{ key: at, value: encodeValueRow(at, stored, stored.expires) }, ...this.#filed('value', stored.key, stored)];
  }

  #providers(at: Uint8Array, row: Buffer): RowWrite[] {
    const key = at.subarray(1);
    const providers = decodeProvidersRow(key, at, row).map((stored) => ({ ...stored, filedAt: stored.expires }));
    this.providers += providers.length;
    const rows: RowWrite[] = [{ key: at, value: encodeProvidersRow(at, providers) }];
    for (const side of [true, false]) {
      const ours = providers.filter(({ local }) => local === side);
      if (ours.length > 0) this.#usage.pool({ local: side }).providedKeys += 1;
      for (const stored of ours) {
        this.#usage.count('provider', stored, stored.bytes, 1);
        rows.push(...this.#filed('provider', providerRowKey(key, stored.provider), stored));
        if (side) rows.push({ key: rowKey(ROW.provided, key), value: NOTHING });
      }
    }
    return rows;
  }

  #filed(kind: 'value' | 'provider', reference: Uint8Array, { local, origin, expires }: FiledValue | FiledProvider): RowWrite[] {
    if (expires === Number.POSITIVE_INFINITY) return [];
    const entryClass = classOf(kind, local);
    const rows: RowWrite[] = [{ key: expiryKey(entryClass, expires, reference), value: NOTHING }];
    if (origin !== undefined) rows.push({ key: originKey(this.#usage.hashOf(origin), expires, entryClass, reference), value: NOTHING });
    return rows;
  }
}

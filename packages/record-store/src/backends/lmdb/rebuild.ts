import { providerRowKey } from '../../core/stored-codec.ts';
import { RecordStoreError } from '../../errors.ts';
import type { RowWrite } from './environment.ts';
import type { RawEntry } from './intact-entries.ts';
import { ownerRow } from './owner-row.ts';
import { encodeProvidersRow } from './provider-row.ts';
import { RowReader, type RowOwner } from './row-reader.ts';
import { classOf, expiryKey, originKey, ROW, rowKey, type FiledProvider, type FiledValue } from './rows.ts';
import { LmdbUsage } from './usage-rows.ts';
import { encodeValueRow } from './value-row.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** Makes a store's rows from its records alone: indexes and numbers follow from them. */
export class Rebuild {
  /** Records that were intact. */
  records = 0;
  providers = 0;
  damagedRows = 0;
  readonly #usage = new LmdbUsage();
  readonly #owner: RowOwner | undefined;
  readonly #reader: RowReader;

  /** @param owner Whose store it is to be; undefined: that of whoever opens it next. */
  constructor(owner?: RowOwner) {
    this.#owner = owner;
    this.#reader = new RowReader(owner);
  }

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

  /** Rows that count what was taken so far, and say for whom. */
  heads(): RowWrite[] {
    const counts = [...this.#usage.rows()].map(([key, value]) => ({ key, value }));
    return this.#owner === undefined ? counts : [ownerRow(this.#owner.localId), ...counts];
  }

  #value(at: Uint8Array, row: Buffer): RowWrite[] {
    const stored = this.#reader.value(at.subarray(1), at, row);
    this.records += 1;
    this.#usage.countValue(stored);
    return [{ key: at, value: encodeValueRow(at, stored.as ?? stored, stored.expires) }, ...this.#filed('value', stored.key, stored)];
  }

  #providers(at: Uint8Array, row: Buffer): RowWrite[] {
    const key = at.subarray(1);
    const providers = this.#reader.providers(key, at, row).map((stored) => ({ ...stored, filedAt: stored.expires }));
    if (providers.length === 0) return [];
    this.providers += providers.length;
    this.#usage.countProviders(providers);
    return [
      { key: at, value: encodeProvidersRow(at, providers) },
      ...providers.flatMap((stored) => this.#filed('provider', providerRowKey(key, stored.provider), stored)),
      ...(providers.some(({ local }) => local) ? [{ key: rowKey(ROW.provided, key), value: NOTHING }] : []),
    ];
  }

  #filed(kind: 'value' | 'provider', reference: Uint8Array, { local, origin, expires }: FiledValue | FiledProvider): RowWrite[] {
    if (expires === Number.POSITIVE_INFINITY) return [];
    const entryClass = classOf(kind, local);
    const rows: RowWrite[] = [{ key: expiryKey(entryClass, expires, reference), value: NOTHING }];
    if (origin !== undefined) rows.push({ key: originKey(this.#usage.hashOf(origin), expires, entryClass, reference), value: NOTHING });
    return rows;
  }
}

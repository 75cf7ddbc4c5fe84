import { intact } from '../intact.ts';
import type { Row } from './environment.ts';
import { ownerIn } from './owner-row.ts';
import { isRecountMark } from './recount-mark.ts';
import { RowReader } from './row-reader.ts';
import { ROW } from './rows.ts';
import { isUnreadableOrigin, LmdbUsage } from './usage-rows.ts';

/** Counts what a file's rows hold, as its owner sees them, and reads what they say that they hold. */
export class Census {
  readonly found: LmdbUsage = new LmdbUsage();
  /** Value and provider rows that are not what was written. */
  damagedRows = 0;
  readonly #heads: Row[] = [];
  #reader = new RowReader(undefined);
  #isDue = false;

  /** In the order of keys: whose a file is comes before what it holds. */
  take(row: Row): void {
    const { key: at, value } = row;
    if (at[0] === ROW.meta || at[0] === ROW.originUsage) this.#takeHead(row);
    if (at[0] !== ROW.value && at[0] !== ROW.providers) return;
    const key = at.subarray(1);
    intact(
      () => (at[0] === ROW.value ? this.found.countValue(this.#reader.value(key, at, value)) : this.found.countProviders(this.#reader.providers(key, at, value))),
      () => {
        this.damagedRows += 1;
      },
    );
  }

  /** What the rows say, as far as they can be read; ask when all have been taken. */
  said(): LmdbUsage {
    const usage = new LmdbUsage();
    usage.load(this.#heads);
    return usage;
  }

  /** Keys of rows that say what an origin has and cannot be read: they are not written anew by themselves. */
  unreadableHeads(): Uint8Array[] {
    return this.#heads.filter(isUnreadableOrigin).map(({ key }) => new Uint8Array(key));
  }

  /** Whether the rows do not say what they hold, and nobody knows of it: neither because some are damaged, nor because they are to be counted anew. */
  get isMiscounted(): boolean {
    return this.damagedRows === 0 && !this.#isDue && !this.said().equals(this.found);
  }

  #takeHead(row: Row): void {
    this.#heads.push(row);
    this.#isDue ||= isRecountMark(row.key);
    const localId = ownerIn(row);
    if (localId !== undefined) this.#reader = new RowReader({ localId, maxTtlMs: Number.POSITIVE_INFINITY });
  }
}

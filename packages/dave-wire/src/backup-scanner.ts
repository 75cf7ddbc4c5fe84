import { MAX_PACKET } from './constants.ts';
import { readEntry } from './entry-decoder.ts';
import { readU16 } from './integers.ts';
import { ENTRY_OVERHEAD, REPLICAS_BYTES } from './layout.ts';
import type { Entry } from './message.ts';

export const RECORD_PREFIX_BYTES = 2;
/** The Go node encodes a record into a buffer of one packet, so no entry is longer. */
const MAX_RECORD_BYTES = RECORD_PREFIX_BYTES + MAX_PACKET;
const DAT_LENGTH = RECORD_PREFIX_BYTES + REPLICAS_BYTES;

/** A record of a backup, or a stretch of it that could not be read. Offsets and lengths are bytes of the file. */
export type BackupItem =
  | { kind: 'entry'; offset: number; length: number; entry: Entry }
  | {
      kind: 'damage';
      offset: number;
      length: number;
      /**
       * - `unreadable`: no record begins here; reading goes on behind it, where one does.
       * - `torn-tail`: likewise, up to the end of the file: the last write was cut off.
       * - `overrun`: the record delivered just before holds the beginning of another one, which follows. Either its end
       *   was never written, and it fails verification, or its value is made of records.
       */
      reason: 'unreadable' | 'torn-tail' | 'overrun';
    };

/**
 * Finds the records in a growing window of a backup. Holds what two records take beside the last chunk.
 *
 * A record's length is taken from its dat; the prefix is only looked at to recognise a record after damage, where it is
 * either right or 1424, which the Go node's rewrite stores before every record.
 */
export class BackupScanner {
  #window: Uint8Array = new Uint8Array(0);
  /** File offset of the window's first byte. */
  #base = 0;
  #position = 0;
  /** File offset from which on no record was found. */
  #damagedFrom: number | undefined;

  /** Takes in the next chunk and returns what became certain; the bytes of entries are copies. */
  push(chunk: Uint8Array): BackupItem[] {
    const rest = this.#window.subarray(this.#position);
    const held = new Uint8Array(rest.length + chunk.length);
    held.set(rest);
    held.set(chunk, rest.length);
    this.#base += this.#position;
    this.#position = 0;
    this.#window = held;
    // A decision looks at a record and at one that begins within it.
    return this.#scan(held.length - 2 * MAX_RECORD_BYTES);
  }

  /** What is left at the end of the file. */
  finish(): BackupItem[] {
    const items = this.#scan(this.#window.length - 1);
    if (this.#damagedFrom !== undefined) {
      const offset = this.#damagedFrom;
      items.push({ kind: 'damage', offset, length: this.#base + this.#window.length - offset, reason: 'torn-tail' });
      this.#damagedFrom = undefined;
    }
    return items;
  }

  #scan(last: number): BackupItem[] {
    const items: BackupItem[] = [];
    while (this.#position <= last) {
      if (this.#damagedFrom === undefined) {
        this.#readRecord(items);
      } else if (this.#isRecordAfterDamage(this.#position)) {
        const offset = this.#damagedFrom;
        items.push({ kind: 'damage', offset, length: this.#base + this.#position - offset, reason: 'unreadable' });
        this.#damagedFrom = undefined;
      } else {
        this.#position += 1;
      }
    }
    return items;
  }

  #readRecord(items: BackupItem[]): void {
    const start = this.#position;
    const offset = this.#base + start;
    const end = this.#recordEnd(start);
    if (end === undefined) {
      this.#damagedFrom = offset;
      return;
    }
    const bytes = this.#window.slice(start + RECORD_PREFIX_BYTES, end);
    // Not a second chance to fail: these are the bytes that #recordEnd has just accepted.
    const entry = readEntry(bytes, 0, bytes.length, 'plain') as Entry;
    items.push({ kind: 'entry', offset, length: end - start, entry });
    // What was appended behind a record that had been cut off lies inside the length that it claims.
    this.#position = start + 1;
    while (this.#position < end && !this.#isRecordAfterDamage(this.#position)) this.#position += 1;
    if (this.#position < end) items.push({ kind: 'damage', offset, length: this.#position - start, reason: 'overrun' });
  }

  /** The window offset behind the record at `start`, if a whole and well-formed one begins there. */
  #recordEnd(start: number): number | undefined {
    const held = this.#window;
    if (start + DAT_LENGTH + 2 > held.length) return undefined;
    const end = start + RECORD_PREFIX_BYTES + ENTRY_OVERHEAD + readU16(held, start + DAT_LENGTH);
    if (end > held.length || end - start > MAX_RECORD_BYTES) return undefined;
    return typeof readEntry(held, start + RECORD_PREFIX_BYTES, end, 'plain') === 'string' ? undefined : end;
  }

  #isRecordAfterDamage(start: number): boolean {
    const held = this.#window;
    if (start + DAT_LENGTH + 2 > held.length) return false;
    const prefix = readU16(held, start);
    const length = ENTRY_OVERHEAD + readU16(held, start + DAT_LENGTH);
    return (prefix === length || prefix === MAX_PACKET) && this.#recordEnd(start) !== undefined;
  }
}

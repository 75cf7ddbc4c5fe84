import type { ValueChange } from '../../core/admit.ts';
import { encodeProvider, encodeValue } from '../../core/stored-codec.ts';
import type { LedgerEntry, ProviderEntry, ValueEntry } from '../../core/ledger/entries.ts';
import { Ledger } from '../../core/ledger/ledger.ts';
import type { StoredProvider, StoredValue } from '../../core/stored.ts';

const NOTHING: Uint8Array = new Uint8Array(0);

/** A ledger without values that remembers which entries were touched, until they are committed or given up. */
export class RecordingLedger extends Ledger {
  readonly #touched = new Set<LedgerEntry>();

  override writeValue(change: ValueChange, stored: StoredValue | undefined): void {
    super.writeValue(change, stored);
    this.#touched.add(this.storedValue(change.candidate.key)!);
  }

  override writeProvider(candidate: StoredProvider, stored: StoredProvider | undefined): void {
    super.writeProvider(candidate, stored);
    this.#touched.add(this.provider(candidate.key, candidate.provider)!);
  }

  override remove(entry: LedgerEntry): void {
    super.remove(entry);
    this.#touched.add(entry);
  }

  /** True while the entry is stored; one that was removed and came again is another. */
  holds(entry: LedgerEntry): boolean {
    return (entry.kind === 'value' ? this.values.get(entry.text) : this.provider(entry.key, entry.provider)) === entry;
  }

  /** What was touched since the last call. An entry that went and came again is there twice, the newer one last. */
  takeTouched(): LedgerEntry[] {
    const touched = [...this.#touched];
    this.#touched.clear();
    return touched;
  }

  /** The row of an entry. */
  row(entry: LedgerEntry): Uint8Array {
    return entry.kind === 'value' ? encodeValue(entry) : encodeProvider(entry);
  }

  /** Takes in a row without counting it as touched. Its value is not kept. */
  adopt(stored: StoredValue | StoredProvider): void {
    this.restore('provider' in stored ? stored : { ...stored, value: NOTHING });
    this.#touched.clear();
  }

  /** Lets go of an entry without counting it as touched. */
  disown(entry: ValueEntry | ProviderEntry): void {
    super.remove(entry);
  }
}

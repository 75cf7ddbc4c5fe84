import type { Key } from 'interface-datastore';
import type { LedgerEntry } from '../../core/ledger/entries.ts';
import type { RecordingLedger } from './recording-ledger.ts';
import type { RowChange } from './rows.ts';

/** One change a row: what the entry is now, or its deletion. `dropped` are rows without an entry that go too, unless something was filed there. */
export function changesOf(ledger: RecordingLedger, touched: readonly LedgerEntry[], dropped: readonly Key[], pathOf: (entry: LedgerEntry) => Key): RowChange[] {
  const changes = new Map<string, RowChange>();
  for (const entry of touched) {
    const path = pathOf(entry);
    const holds = ledger.holds(entry);
    // Deleted and made anew within the batch: the one that is there decides, whichever comes first.
    if (holds || !changes.has(path.toString())) changes.set(path.toString(), [path, holds ? ledger.row(entry) : undefined]);
  }
  for (const path of dropped) if (!changes.has(path.toString())) changes.set(path.toString(), [path, undefined]);
  return [...changes.values()];
}

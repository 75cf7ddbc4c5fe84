import { equalBytes } from '../../core/bytes.ts';
import { createFile } from './create-file.ts';
import { LmdbEnvironment } from './environment.ts';
import { mapError } from './failures.ts';
import { removeDraft } from './file-steps.ts';
import { formatRow } from './format-row.ts';
import { ownerOf } from './owner-row.ts';
import { Rebuild } from './rebuild.ts';
import { following, ROW } from './rows.ts';
import type { RowOwner } from './row-reader.ts';
import { pause } from '../system.ts';

/** Entries that are read at a time. */
const ENTRIES_AT_A_TIME = 512;

/**
 * A file whose indexes and counts were made for another `localId` is made anew for this one, from its entries, and put
 * in the place of the old one, which is closed: what was local is others' now, or the other way round. After a crash in
 * between, the old file is there. Resolves with the file to go on with. Takes some µs for each entry, and their room on
 * the disk once more.
 * @throws RecordStoreError RECORD_STORE_IO: the old file is as it was
 */
export async function ownedBy(owner: RowOwner, environment: LmdbEnvironment): Promise<LmdbEnvironment> {
  const before = ownerOf(environment);
  if (before !== undefined && equalBytes(before, owner.localId)) return environment;
  const { path } = environment;
  const draft = `${path}.reowned-${process.pid}`;
  await removeDraft(draft);
  const rebuild = new Rebuild(owner);
  await createFile(draft, [formatRow(), ...rebuild.heads()]);
  const next = await LmdbEnvironment.open(draft);
  try {
    const end = Uint8Array.of(Math.max(ROW.value, ROW.providers) + 1);
    let start: Uint8Array = Uint8Array.of(Math.min(ROW.value, ROW.providers));
    for (;;) {
      const entries = environment.range({ start, end, limit: ENTRIES_AT_A_TIME });
      const last = entries.at(-1);
      if (last === undefined) break;
      const rows = entries.flatMap((entry) => {
        const { damagedRows } = rebuild;
        const taken = rebuild.take(entry);
        // What cannot be read goes on saying so, until it is put again.
        return rebuild.damagedRows > damagedRows ? [entry] : taken;
      });
      await next.commit([...rows, ...rebuild.heads()]);
      start = following(last.key);
      await pause();
    }
    await next.takeName(path);
  } catch (error) {
    await next.close();
    await removeDraft(draft);
    throw mapError(error, path);
  }
  await environment.close();
  return next;
}

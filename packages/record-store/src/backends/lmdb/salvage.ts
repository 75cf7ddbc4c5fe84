import { link, realpath, stat } from 'node:fs/promises';
import { bytesText } from '../../core/bytes.ts';
import { RecordStoreError } from '../../errors.ts';
import { Census } from './census.ts';
import { createFile } from './create-file.ts';
import { DataFile } from './data-file.ts';
import { LmdbEnvironment, type RowWrite } from './environment.ts';
import { mapError } from './failures.ts';
import { removeDraft } from './file-steps.ts';
import { formatRow } from './format-row.ts';
import { entriesOf, intactEntries, type RawEntry } from './intact-entries.ts';
import { survey, type Survey } from './page-survey.ts';
import { Rebuild } from './rebuild.ts';
import type { RowOwner } from './row-reader.ts';

/** Where only pages were looked at. */
const UNCOUNTED = { records: undefined, providers: undefined, damagedRows: undefined, miscounted: undefined } as const;
/** Rows that are written at a time. */
const ROWS_AT_A_TIME = 1024;

/** What a look at a file found. */
export interface LmdbCheck {
  /** Nothing is wrong. */
  readonly sound: boolean;
  /** Pages that are used, and all that the file has. */
  readonly usedPages: number;
  readonly pages: number;
  readonly pageBytes: number;
  /** What is wrong with pages: LMDB must not be let near them. At most the first hundred. */
  readonly damage: readonly string[];
  /** Value and provider records that are intact; undefined where only pages were looked at. */
  readonly records: number | undefined;
  readonly providers: number | undefined;
  /** Rows that are not what was written. */
  readonly damagedRows: number | undefined;
  /** All rows are what was written, and the file says that it holds more or less than that: `LmdbRecordStore.recount` puts it right. */
  readonly miscounted: boolean | undefined;
}

/** How far a long operation is. */
export type Progress = (done: { readonly rows: number; readonly expectedRows: number }) => void;

export interface CheckOptions {
  /** Only pages, which is what it takes to let LMDB near the file; without it every row's checksum too. */
  readonly pagesOnly?: boolean;
  readonly onProgress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Looks at a file that nobody writes to. @throws RecordStoreError RECORD_STORE_IO */
export async function checkFile(path: string, options: CheckOptions = {}): Promise<LmdbCheck> {
  await using file = await openData(path);
  if (file === undefined) return { sound: false, usedPages: 0, pages: 0, pageBytes: 0, damage: ['its first pages are not those of an LMDB file'], ...UNCOUNTED };
  const found = await survey(file, options.signal);
  const damage = found.damage.slice(0, 100).map(({ page, what }) => `page ${page}: ${what}`);
  const base = { usedPages: found.used, pages: found.pages, pageBytes: file.meta.pageBytes, damage };
  if (options.pagesOnly === true) return { ...base, sound: damage.length === 0, ...UNCOUNTED };
  const census = new Census();
  for await (const { key, value } of entriesWithProgress(file, found, options)) census.take({ key: Buffer.from(key), value: Buffer.from(value) });
  const { damagedRows } = census;
  const { local, remote } = census.found;
  const miscounted = damage.length === 0 && census.isMiscounted;
  return { ...base, sound: damage.length === 0 && damagedRows === 0 && !miscounted, records: local.records + remote.records, providers: local.providers + remote.providers, damagedRows, miscounted };
}

/** What a salvage saved. */
export interface SalvageReport {
  readonly records: number;
  readonly providers: number;
  readonly damagedRows: number;
  readonly damage: readonly string[];
  /** Where the damaged file is now. */
  readonly keptAt: string;
}

/**
 * The work of `salvageOwnFile` for a file that this process owns, or that LMDB cannot open; close that one
 * afterwards. Resolves with the new file, open; it is made for `owner`, or for whoever opens it next. @throws RecordStoreError RECORD_STORE_IN_USE when somebody was faster, RECORD_STORE_IO
 */
export async function salvageFile(path: string, options: Omit<CheckOptions, 'pagesOnly'> = {}, owner?: RowOwner): Promise<{ environment: LmdbEnvironment; report: SalvageReport }> {
  const { real, ino } = await placeOf(path);
  const draft = `${real}.salvaged-${process.pid}`;
  await removeDraft(draft);
  const rebuild = new Rebuild(owner);
  let counts = { records: 0, providers: 0 };
  let damage: readonly string[] = ['its first pages are not those of an LMDB file'];
  await createFile(draft, [formatRow(), ...rebuild.heads()]);
  const environment = await LmdbEnvironment.open(draft);
  try {
    await using file = await openData(real);
    if (file !== undefined) {
      const found = await survey(file, options.signal);
      damage = found.damage.slice(0, 100).map(({ page, what }) => `page ${page}: ${what}`);
      let rows: RowWrite[] = [];
      const flush = async (): Promise<void> => {
        await environment.commit([...rows, ...rebuild.heads()]);
        rows = [];
      };
      for await (const rebuilt of salvagedRows(file, found, rebuild, options)) {
        rows.push(...rebuilt.rows);
        counts = rebuilt.counts;
        if (rows.length >= ROWS_AT_A_TIME) await flush();
      }
      await flush();
    }
    if ((await placeOf(path)).ino !== ino) throw new RecordStoreError('RECORD_STORE_IN_USE', `another process has put a new file in the place of ${path}: open that.`);
    const keptAt = await setAside(real);
    await environment.takeName(real);
    return { environment, report: { ...counts, damagedRows: rebuild.damagedRows, damage, keptAt } };
  } catch (error) {
    await environment.close();
    await removeDraft(draft);
    throw options.signal?.aborted === true ? error : mapError(error, path);
  }
}

async function placeOf(path: string): Promise<{ real: string; ino: number }> {
  try {
    const real = await realpath(path);
    return { real, ino: (await stat(real)).ino };
  } catch (error) {
    throw mapError(error, path);
  }
}

/** A second name for the damaged file, so that there is always one under the first. */
async function setAside(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${path}.damaged-${number}`;
    try {
      await link(path, name);
      return name;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw mapError(error, path);
    }
  }
}

async function openData(path: string): Promise<DataFile | undefined> {
  try {
    return await DataFile.open(path);
  } catch (error) {
    throw mapError(error, path);
  }
}

async function* entriesWithProgress(file: DataFile, found: Survey, { onProgress, signal }: CheckOptions): AsyncGenerator<RawEntry, void, undefined> {
  let rows = 0;
  const expectedRows = file.meta.main.entries;
  for await (const entry of intactEntries(file, found, signal)) {
    rows += 1;
    if (onProgress !== undefined && rows % 4096 === 0) onProgress({ rows, expectedRows });
    yield entry;
  }
  onProgress?.({ rows, expectedRows });
}

/** What can be reached first; then, of each key that cannot, the newest row that is left of it. */
async function* salvagedRows(file: DataFile, found: Survey, rebuild: Rebuild, options: CheckOptions): AsyncGenerator<{ rows: RowWrite[]; counts: { records: number; providers: number } }, void, undefined> {
  const seen = new Set<string>();
  for await (const entry of entriesWithProgress(file, found, options)) {
    const rows = rebuild.take(entry);
    if (found.orphans.length > 0 && rows[0] !== undefined) seen.add(bytesText(rows[0].key));
    yield { rows, counts: { records: rebuild.records, providers: rebuild.providers } };
  }
  for await (const entry of entriesOf(file, found.orphans, found.damage, options.signal)) {
    const text = bytesText(entry.key);
    if (seen.has(text)) continue;
    const rows = rebuild.take(entry);
    if (rows.length === 0) continue;
    seen.add(text);
    yield { rows, counts: { records: rebuild.records, providers: rebuild.providers } };
  }
}

/** @throws RecordStoreError RECORD_STORE_CORRUPT saying what to do about it. */
export function assertSound(path: string, check: LmdbCheck): void {
  if (check.sound) return;
  throw new RecordStoreError('RECORD_STORE_CORRUPT', `${path} is damaged (${check.damage[0]}): open it with damaged: 'salvage' to go on with what is intact, or restore a backup.`);
}

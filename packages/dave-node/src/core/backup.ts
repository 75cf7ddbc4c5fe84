import { decodeGodaveBackup, encodeGodaveBackup, MAX_KEY_AND_VALUE_BYTES, type BackupItem, type Dat, type Entry } from '@p2p/dave-wire';
import type { Clock } from '../env.ts';
import type { Verifier } from '../verifier.ts';
import { utf8Length } from './ops/dat-bytes.ts';
import { pause } from './pause.ts';
import type { DatStore } from './store/dat-store.ts';

/** Dats verified at a time. */
const SLICE = 128;

/** What became of the records of a backup. */
export interface ImportReport {
  /** Records that could be read. */
  records: number;
  imported: number;
  /** The same dat was stored already. */
  duplicates: number;
  /** A newer one was stored already. */
  older: number;
  expired: number;
  /** Their priority is too low for a full store, their signature is stored under another key, or they are too large for any packet. */
  refused: number;
  /** Time, work or signature is wrong. */
  invalid: number;
  /** Stretches of the file that could not be read, and their bytes. */
  damaged: number;
  damagedBytes: number;
  /** Imported, but the record store failed: in memory only, for now. */
  notDurable: number;
}

export interface ImportModules {
  readonly clock: Clock;
  readonly verifier: Verifier;
  readonly store: DatStore;
  /** Resolves when an admitted entry is durable. */
  readonly persist: ((entry: Entry) => Promise<void>) | undefined;
  readonly onStored?: (dat: Dat, outcome: 'inserted' | 'updated') => void;
}

/**
 * Reads a backup of the Go node into the store. Every dat is verified; damage costs the records it
 * hit. Resolves when what was imported is durable.
 * @throws the stream's own errors, `signal.reason`, NodeError NODE_CLOSED. What was imported before stays.
 */
export async function importEntries(stream: AsyncIterable<Uint8Array>, modules: ImportModules, options: { signal?: AbortSignal } = {}): Promise<ImportReport> {
  const { signal } = options;
  const report: ImportReport = { records: 0, imported: 0, duplicates: 0, older: 0, expired: 0, refused: 0, invalid: 0, damaged: 0, damagedBytes: 0, notDurable: 0 };
  let slice: Entry[] = [];
  const finish = async (): Promise<void> => {
    const entries = slice;
    slice = [];
    await importSlice(entries, modules, report);
    await pause(modules.clock, 0, signal);
  };
  signal?.throwIfAborted();
  for await (const item of decodeGodaveBackup(stream)) {
    signal?.throwIfAborted();
    if (item.kind === 'damage') {
      noteDamage(item, report);
      continue;
    }
    report.records++;
    if (!fitsAPacket(item.entry)) {
      report.refused++;
      continue;
    }
    slice.push(item.entry);
    if (slice.length >= SLICE) await finish();
  }
  await finish();
  return report;
}

/** A Go node stores up to 1227 bytes of key and value that are put into it directly, but no answer can carry more than 1224. */
function fitsAPacket({ dat }: Entry): boolean {
  return utf8Length(dat.key) + dat.value.length <= MAX_KEY_AND_VALUE_BYTES;
}

async function importSlice(entries: readonly Entry[], modules: ImportModules, report: ImportReport): Promise<void> {
  const { verifier, store, clock, persist, onStored } = modules;
  const verdicts = await Promise.all(entries.map(({ dat }) => verifier.verify(dat)));
  const durable: Promise<void>[] = [];
  for (const [at, entry] of entries.entries()) {
    if (!verdicts[at]!.valid) {
      report.invalid++;
      continue;
    }
    const { outcome } = store.admit(entry, clock.now());
    if (outcome === 'inserted' || outcome === 'updated') {
      report.imported++;
      onStored?.(entry.dat, outcome);
      if (persist !== undefined) durable.push(persist(entry));
    } else if (outcome === 'duplicate') report.duplicates++;
    else if (outcome === 'older' || outcome === 'expired') report[outcome]++;
    else report.refused++;
  }
  for (const result of await Promise.allSettled(durable)) if (result.status === 'rejected') report.notDurable++;
}

function noteDamage(item: Extract<BackupItem, { kind: 'damage' }>, report: ImportReport): void {
  report.damaged++;
  report.damagedBytes += item.length;
}

/** The store as a backup that the Go node reads, in chunks. Entries that change meanwhile may be in it or not. */
export function exportEntries(store: DatStore, clock: Clock, options: { signal?: AbortSignal } = {}): AsyncIterable<Uint8Array> {
  return encodeGodaveBackup(walk(store, clock, options.signal));
}

async function* walk(store: DatStore, clock: Clock, signal: AbortSignal | undefined): AsyncGenerator<Entry, void, undefined> {
  let cursor: number | undefined = 0;
  while (cursor !== undefined) {
    const slice: { entries: Entry[]; cursor: number | undefined } = store.scan(cursor, SLICE, clock.now());
    yield* slice.entries;
    ({ cursor } = slice);
    await pause(clock, 0, signal);
  }
}

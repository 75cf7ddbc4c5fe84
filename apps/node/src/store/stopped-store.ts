import { join } from 'node:path';
import { decodeGodaveBackup, encodeEntry, encodeGodaveBackup, TTL_MS, verifyDat, type Dat, type Entry } from '@p2p/dave-wire';
import type { PutResult } from '@p2p/record-store';
import { checkLmdbFile, compactLmdbFile, LmdbRecordStore, salvageLmdbFile } from '@p2p/record-store/lmdb';
import { AppError } from '../cli/app-error.ts';
import { datRecordOptions, entryIn, recordKeyOf } from './dat-records.ts';
import { bytesOf, counted } from './live-store.ts';
import type { CompactReport, RestoreReport, StoreReport, StoreTasks, TaskOptions, VerifyReport } from './store-tasks.ts';
import { verifyRecords } from './verify-records.ts';

/** Dats verified and written at a time. */
const SLICE = 512;
/** No node's key is used: nothing of a directory that no node runs on is local. */
const NOBODY: Uint8Array = new Uint8Array(32);

/** Where the records of a data directory are. */
export function recordsPath(dataDir: string): string {
  return join(dataDir, 'records.lmdb');
}

/** The LMDB file of a data directory on which no node runs. */
export class StoppedStore implements StoreTasks {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = recordsPath(dataDir);
  }

  async stats(): Promise<StoreReport> {
    await using store = await this.#open();
    const { local, remote } = await store.stats();
    return {
      engine: 'lmdb',
      place: this.#path,
      durable: store.capabilities.durable,
      fileBytes: await bytesOf(this.#path),
      records: local.records + remote.records,
      recordBytes: local.bytes + remote.bytes,
      memory: null,
      counters: null,
    };
  }

  async verify({ deep, salvage, onProgress, signal }: TaskOptions & { deep: boolean; salvage: boolean }): Promise<VerifyReport> {
    await this.#assertThere();
    const report = { onProgress: ({ rows, expectedRows }: { rows: number; expectedRows: number }): void => onProgress({ done: rows, of: expectedRows }), signal };
    const check = await checkLmdbFile(this.#path, report);
    let keptAt: string | null = null;
    if (!check.sound && salvage) ({ keptAt } = await salvageLmdbFile(this.#path, report));
    const found = { damage: check.damage, damagedRows: check.damagedRows ?? 0, miscounted: check.miscounted === true, deep, keptAt };
    // What LMDB must not be let near has been counted as far as it goes.
    if (check.damage.length > 0 && keptAt === null) return { ...found, sound: false, records: check.records ?? 0, invalidDats: 0 };
    await using store = await this.#open();
    if (found.miscounted) await store.recount();
    const { records, invalidDats } = await verifyRecords(store, { deep, signal, onProgress: (done) => onProgress({ done, of: check.records ?? null }) });
    return { ...found, sound: (check.sound || found.miscounted || keptAt !== null) && invalidDats === 0, records, invalidDats };
  }

  async compact({ signal }: TaskOptions): Promise<CompactReport> {
    signal.throwIfAborted();
    await this.#assertThere();
    return await compactLmdbFile(this.#path);
  }

  async *backup({ onProgress, onLeftOut, signal }: TaskOptions & { onLeftOut(records: number): void }): AsyncIterable<Uint8Array> {
    let leftOut = 0;
    await using store = await this.#open(() => (leftOut += 1));
    const { remote, local } = await store.stats();
    const of = remote.records + local.records;
    async function* entries(): AsyncGenerator<Entry, void, undefined> {
      let done = 0;
      for await (const { value } of store.records({ signal })) {
        const entry = entryIn(value);
        if (entry !== undefined) yield entry;
        done += 1;
        if (done % 1024 === 0) onProgress({ done, of });
      }
    }
    yield* encodeGodaveBackup(entries());
    onLeftOut(leftOut);
  }

  async restore(stream: AsyncIterable<Uint8Array>, { onProgress, signal }: TaskOptions): Promise<RestoreReport> {
    await using store = await LmdbRecordStore.open({ ...datRecordOptions(NOBODY), keepOwner: true, path: this.#path });
    const report: RestoreReport = { records: 0, imported: 0, duplicates: 0, older: 0, expired: 0, refused: 0, invalid: 0, damaged: 0, damagedBytes: 0, notDurable: 0 };
    let slice: Entry[] = [];
    for await (const item of decodeGodaveBackup(counted(stream, onProgress))) {
      signal.throwIfAborted();
      if (item.kind === 'damage') {
        report.damaged += 1;
        report.damagedBytes += item.length;
        continue;
      }
      report.records += 1;
      slice.push(item.entry);
      if (slice.length < SLICE) continue;
      await putSlice(store, slice, report);
      slice = [];
    }
    await putSlice(store, slice, report);
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Each task opens and closes the file by itself.
  }

  async #open(onDamaged?: () => void): Promise<LmdbRecordStore> {
    await this.#assertThere();
    return await LmdbRecordStore.open({ ...datRecordOptions(NOBODY), keepOwner: true, path: this.#path, onDamaged });
  }

  async #assertThere(): Promise<void> {
    if ((await bytesOf(this.#path)) === null) throw new AppError('APP_STORE_MISSING', `${this.#path} does not exist: no node has stored anything there; name another --data-dir`);
  }
}

async function putSlice(store: LmdbRecordStore, entries: readonly Entry[], report: RestoreReport): Promise<void> {
  const verdicts = await Promise.all(entries.map(({ dat }) => verifyDat(dat, { now: Date.now() })));
  const valid = entries.filter((_, at) => verdicts[at]!.valid);
  report.invalid += entries.length - valid.length;
  const results = await store.putMany(
    valid.map((entry) => ({ key: recordKeyOf(entry.dat), value: encodeEntry(entry), publisher: entry.dat.publicKey, expires: expiryOf(entry.dat) })),
    { copy: false },
  );
  for (const result of results) report[outcomeOf(result)] += 1;
}

function expiryOf({ time }: Dat): number {
  return time + TTL_MS;
}

function outcomeOf(result: PutResult): 'imported' | 'duplicates' | 'older' | 'expired' | 'refused' {
  if (result.outcome === 'rejected') {
    // The same dat with another list of replicas, which is a hint.
    if (result.reason === 'conflict') return 'duplicates';
    if (result.reason === 'stale') return 'older';
    return result.reason === 'expired' ? 'expired' : 'refused';
  }
  return result.outcome === 'refreshed' ? 'duplicates' : 'imported';
}

import { stat, truncate } from 'node:fs/promises';
import { TRACE } from '@p2p/trace';
import { toSettings, type Settings } from '../../core/settings.ts';
import { RecordStoreError } from '../../errors.ts';
import type { RecordStoreOptions } from '../../options.ts';
import { PolicyStore } from '../../store/policy-store.ts';
import { pause, SYSTEM } from '../system.ts';
import { createFile } from './create-file.ts';
import { LmdbEnvironment } from './environment.ts';
import { mapError } from './failures.ts';
import { clearDrafts, removeFile } from './file-steps.ts';
import { assertFormat, formatRow } from './format-row.ts';
import { LmdbEngine } from './lmdb-engine.ts';
import { ownerOf } from './owner-row.ts';
import { ownFile } from './owned-file.ts';
import { ownedBy } from './reown.ts';
import { Rebuild } from './rebuild.ts';
import { assertSound, checkFile, salvageFile, type CheckOptions, type LmdbCheck, type SalvageReport } from './salvage.ts';

/** Options of `LmdbRecordStore.open`. */
export interface LmdbRecordStoreOptions extends RecordStoreOptions {
  /** The file; beside it lies one that ends in `-lock`. Made, with its directory, where it is missing. */
  path: string;
  /**
   * What to do about a file whose pages are damaged. `refuse` (default): RECORD_STORE_CORRUPT. `salvage`:
   * set it aside, and go on with a new file that has all records that are intact.
   */
  damaged?: 'refuse' | 'salvage' | undefined;
  /**
   * Whether to look at every page before LMDB maps the file: LMDB trusts what it maps, and ends the
   * process where that is wrong. Costs a read of the file. Default true.
   */
  checkPages?: boolean | undefined;
  /**
   * For tools that have no id of their own: opens an existing file as its last user had it, whatever `localId` is, so that it is not
   * made anew twice. Default false.
   */
  keepOwner?: boolean | undefined;
  /** Told once when a damaged file was salvaged. */
  onSalvaged?: ((report: SalvageReport) => void) | undefined;
  /** Told of a row whose checksum is wrong, each time that it is met. `get` of such a record rejects too; scans go on without it. */
  onDamaged?: ((error: RecordStoreError, key: Uint8Array) => void) | undefined;
}

/** Progress and interruption of long operations on an open store. */
export type LmdbTaskOptions = Omit<CheckOptions, 'pagesOnly'>;

/**
 * A record store in one LMDB file, for one process. What a put acknowledged survives power loss: its
 * pages were synced, and after them the page that makes them valid. Reads are synchronous inside and
 * cost some µs; puts are fast when thousands are under way at a time.
 *
 * ```ts
 * const store = await LmdbRecordStore.open({ path: '/var/lib/app/records.lmdb', localId, validators: { default: acceptAny() } });
 * ```
 */
export class LmdbRecordStore extends PolicyStore {
  /** The file. */
  readonly path: string;
  readonly #engine: LmdbEngine;
  /** Tasks over the whole file, one at a time: the last one. */
  readonly #tasks: { last: Promise<unknown> };
  #closed = false;

  private constructor(options: LmdbRecordStoreOptions, settings: Settings, environment: LmdbEnvironment) {
    const onDamaged = options.onDamaged ?? ((): void => undefined);
    const tasks = { last: Promise.resolve() as Promise<unknown> };
    let made: LmdbEngine | undefined;
    super({ settings, pause, engine: (report, choose) => (made = new LmdbEngine({ caps: settings.caps, owner: settings, environment, report, choose, onDamaged, tasks: () => tasks.last })) });
    this.path = options.path;
    this.#tasks = tasks;
    this.#engine = made!;
  }

  /**
   * Opens or creates the file.
   * @throws TypeError for options that are none; RecordStoreError RECORD_STORE_CORRUPT, RECORD_STORE_IO,
   * RECORD_STORE_IN_USE, RECORD_STORE_CONFIG without the package `lmdb` or for a file of something else
   */
  static async open(options: LmdbRecordStoreOptions): Promise<LmdbRecordStore> {
    const { path, damaged = 'refuse' } = options;
    if (typeof path !== 'string' || path === '') throw new TypeError('path must name a file');
    if (damaged !== 'refuse' && damaged !== 'salvage') throw new TypeError("damaged must be 'refuse' or 'salvage'");
    const settings = toSettings(options, SYSTEM);
    if (TRACE && settings.trace !== undefined) return await settings.trace('records.lmdb.open', () => LmdbRecordStore.#open(options, settings));
    return await LmdbRecordStore.#open(options, settings);
  }

  static async #open(options: LmdbRecordStoreOptions, settings: Settings): Promise<LmdbRecordStore> {
    const { path } = options;
    try {
      await createFile(path, [formatRow(), ...new Rebuild(settings).heads()]);
    } catch (error) {
      throw mapError(error, path);
    }
    // Before anything is looked at: what another process writes meanwhile looks damaged, and must not be set aside.
    let environment = await ownFile(path);
    try {
      if (options.checkPages !== false) {
        const check = await checkFile(path, { pagesOnly: true });
        if (!check.sound && options.damaged === 'salvage') {
          const salvaged = await salvageFile(path, {}, settings);
          await environment?.close();
          environment = salvaged.environment;
          options.onSalvaged?.(salvaged.report);
        } else {
          assertSound(path, check);
          await fillUp(path, check);
        }
      }
      environment ??= await LmdbEnvironment.open(path);
      assertFormat(environment);
      await clearDrafts(environment.path);
      const owned = options.keepOwner === true ? { ...settings, localId: ownerOf(environment) ?? settings.localId } : settings;
      environment = await ownedBy(owned, environment);
      if (TRACE) environment.trace = settings.trace;
      const store = new LmdbRecordStore(options, owned, environment);
      // Limits are what was counted.
      if (!store.#engine.isCounted) await store.#engine.counted();
      return store;
    } catch (error) {
      await environment?.close();
      throw error;
    }
  }

  /** Looks at every page and every row of what was last committed, while everything else goes on. @throws RecordStoreError RECORD_STORE_CLOSED, RECORD_STORE_IO */
  verify(options: LmdbTaskOptions = {}): Promise<LmdbCheck> {
    return this.#alone(() => {
      const { environment } = this.#engine;
      const check = (): Promise<LmdbCheck> => environment.withSnapshot(() => checkFile(this.path, options));
      if (TRACE && environment.trace !== undefined) return environment.trace('records.lmdb.verify', check);
      return check();
    });
  }

  /**
   * Counts what the file holds anew, for one that `verify` finds `miscounted`; everything else goes on. Happens by itself where a row
   * that cannot be read is overwritten, removed or expires. Takes some µs for each record. @throws RecordStoreError RECORD_STORE_CLOSED, RECORD_STORE_IO
   */
  recount(): Promise<void> {
    return this.#alone(() => this.#engine.recount());
  }

  /** Gives free pages back to the file system: LMDB reuses them, but keeps them. Puts wait until it is done, reads go on. @throws RecordStoreError RECORD_STORE_CLOSED, RECORD_STORE_IO */
  compact(): Promise<{ bytesBefore: number; bytesAfter: number }> {
    return this.#alone(() => this.#engine.compact());
  }

  /** Writes a compacted copy of what was last committed, which `open` takes; `path` must not exist. @throws RecordStoreError RECORD_STORE_CLOSED, RECORD_STORE_IO */
  copyTo(path: string): Promise<void> {
    return this.#alone(async () => {
      await this.#engine.environment.copyTo(path);
      await removeFile(`${path}-lock`);
    });
  }

  /** Also waits for tasks over the whole file. */
  override async close(): Promise<void> {
    this.#closed = true;
    await super.close();
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new RecordStoreError('RECORD_STORE_CLOSED', 'this record store was closed: open another one.'));
    const run = this.#tasks.last.then(work);
    this.#tasks.last = run.catch(() => undefined);
    return run;
  }
}

/** A file may end before its last pages where those are free. LMDB maps them all the same, and touching what is not there ends the process. */
async function fillUp(path: string, { pages, pageBytes }: LmdbCheck): Promise<void> {
  try {
    if ((await stat(path)).size < pages * pageBytes) await truncate(path, pages * pageBytes);
  } catch (error) {
    throw mapError(error, path);
  }
}

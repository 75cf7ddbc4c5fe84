import { chmod, realpath, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TRACE } from '@p2p/trace';
import type { RootDatabase, Transaction } from 'lmdb';
import { RecordStoreError } from '../../errors.ts';
import type { TracedWork } from '../../trace/traced-work.ts';
import { SYSTEM } from '../system.ts';
import { assertRoom } from './disk-room.ts';
import { failureOf, mapError, reasonOf } from './failures.ts';
import { removeDraft, removeFile, syncFile } from './file-steps.ts';
import { assertAlone, FILE_MODE, identityOf, inUse, openDatabase } from './open-database.ts';
import { Slabs } from './slabs.ts';

/** Tries again while others have the file open. */
const CONTENTIONS = 6;

/** A row to write; without a value one to remove. */
export interface RowWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface RowRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
  readonly limit?: number;
}

export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What one commit left, whatever is committed meanwhile. */
export interface Snapshot {
  /** As of the environment. */
  range(range: RowRange): Row[];
}

/** A compacted copy in the place of a file, and the file's bytes before and after. */
export interface Compacted {
  readonly environment: LmdbEnvironment;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** Files that this process has open, and the one that has the name: LMDB must not open one twice in a process. */
const openHere = new Map<string, object>();

/**
 * One LMDB file, used by this process alone. Reads are synchronous and see what the last finished
 * commit left. A commit is one transaction, and resolves when it is on the disk: pages written,
 * synced, then the meta page written through (LMDB's own order; lmdb's overlapping sync, which commits
 * first and syncs later, is off).
 */
export class LmdbEnvironment {
  declare trace: TracedWork | undefined;
  #path: string;
  /** Which file that is: renaming keeps it. */
  readonly #ino: number;
  readonly #database: RootDatabase<Buffer, Uint8Array>;
  /** Small ones: whoever keeps a row for long keeps no more than this. */
  readonly #slabs = new Slabs(8192);
  #isClosed = false;
  /** Its mark in `openHere`. */
  readonly #mark: object;

  private constructor(path: string, database: RootDatabase<Buffer, Uint8Array>, ino: number, mark: object) {
    this.#path = path;
    this.#ino = ino;
    this.#database = database;
    this.#mark = mark;
  }

  get path(): string {
    return this.#path;
  }

  /**
   * Opens the file, which exists (see `createFile`), without a look at its pages: check those before anything is read.
   * @throws RecordStoreError RECORD_STORE_IN_USE, RECORD_STORE_CONFIG without the package `lmdb`,
   * RECORD_STORE_CORRUPT, RECORD_STORE_IO
   */
  static async open(path: string): Promise<LmdbEnvironment> {
    const real = await realpath(path).catch((error: unknown) => {
      throw mapError(error, path);
    });
    if (openHere.has(real)) throw new RecordStoreError('RECORD_STORE_IN_USE', `this process has ${path} open already: use one store for it.`);
    const mark = {};
    openHere.set(real, mark);
    try {
      for (let left = CONTENTIONS; ; left--) {
        const before = await identityOf(real);
        const database = await openDatabase(real);
        try {
          // Takes our place in the table of readers, so that whoever opens the file next sees us. No page is read.
          database.useReadTransaction().done();
          assertAlone(database, path);
          // Its owner may have put another in its place meanwhile.
          if (before !== undefined && before !== (await identityOf(real))) throw inUse(path, 'another process');
          return new LmdbEnvironment(real, database, (await stat(real)).ino, mark);
        } catch (error) {
          await database.close();
          if (left === 0 || (error as { code?: unknown }).code !== 'RECORD_STORE_IN_USE') throw error;
        }
        // Who opens it at the same moment sees us as we see them: both step back, and come again in another order.
        const waitMs = 20 + SYSTEM.random.float() * 100;
        await new Promise((resume) => setTimeout(resume, waitMs));
      }
    } catch (error) {
      openHere.delete(real);
      throw mapError(error, path);
    }
  }

  /** A copy of the row, the caller's own. @throws RecordStoreError */
  get(key: Uint8Array): Buffer | undefined {
    try {
      this.#assertOpen();
      // In memory that lmdb uses again: longer than its `length`, which is an ordinary property.
      const found = this.#database.getBinaryFast(key);
      if (found === undefined) return undefined;
      const { length } = found;
      const row = this.#slabs.take(length);
      found.copy(row, 0, 0, length);
      return row;
    } catch (error) {
      throw mapError(error, this.path);
    }
  }

  /**
   * Rows in the order of their keys, from `start` to before `end`; copies.
   * @throws RecordStoreError RECORD_STORE_CORRUPT for keys out of order: whoever went on from the last one would go round for ever
   */
  range(range: RowRange): Row[] {
    return this.#range(range, undefined);
  }

  #range({ start, end, limit }: RowRange, transaction: Transaction | undefined): Row[] {
    try {
      this.#assertOpen();
      // Not `asArray`, which puts what is thrown into a promise that nobody holds, and ends the process.
      const rows = Array.from(this.#database.getRange({ start, end, ...(limit === undefined ? {} : { limit }), ...(transaction === undefined ? {} : { transaction }) })) as Row[];
      for (const [at, { key }] of rows.entries()) {
        const isInOrder = at === 0 ? Buffer.compare(key, start) >= 0 : Buffer.compare(key, rows[at - 1]!.key) > 0;
        if (!isInOrder) throw new RecordStoreError('RECORD_STORE_CORRUPT', `${this.path} has keys that are out of order: salvage what is intact.`);
      }
      return rows;
    } catch (error) {
      throw mapError(error, this.path);
    }
  }

  /** The keys of a range, as far as they are taken. Nothing may be written or awaited in between. @throws RecordStoreError */
  *keys({ start, end }: RowRange): Generator<Buffer, void, undefined> {
    try {
      this.#assertOpen();
      for (const key of this.#database.getKeys({ start, end })) yield key as Buffer;
    } catch (error) {
      throw mapError(error, this.path);
    }
  }

  /** Everything or nothing; LMDB is at it, in a thread of its own, from the turn of the event loop after `onBegun`. @throws RecordStoreError RECORD_STORE_IO: nothing was written, RECORD_STORE_CORRUPT */
  commit(rows: readonly RowWrite[], onBegun: () => void = () => undefined): Promise<void> {
    if (TRACE && this.trace !== undefined) return this.trace('records.lmdb.commit', () => this.#commit(rows, onBegun));
    return this.#commit(rows, onBegun);
  }

  async #commit(rows: readonly RowWrite[], onBegun: () => void): Promise<void> {
    const database = this.#database;
    await assertRoom(this.#path, rows);
    try {
      const committed = database.batch(() => {
        for (const { key, value } of rows) {
          if (value === undefined) void database.remove(key);
          else void database.put(key, value as Buffer);
        }
      });
      onBegun();
      await committed;
    } catch (error) {
      throw await failureOf(await reasonOf(error), this.path);
    }
    database.resetReadTxn();
    await this.#assertThere();
  }

  /** lmdb itself may end the process. */
  #assertOpen(): void {
    if (this.#isClosed) throw new RecordStoreError('RECORD_STORE_CLOSED', 'this record store was closed: open another one.');
  }

  /** What is synced into a file without a name is lost all the same. */
  async #assertThere(): Promise<void> {
    const there = await stat(this.#path).catch(() => undefined);
    if (there === undefined || there.ino !== this.#ino) throw new RecordStoreError('RECORD_STORE_IO', `${this.#path} was removed or replaced while it was open: close this store and open it anew.`);
  }

  /** Writes a compacted copy of the last commit; `path` must not exist. @throws RecordStoreError RECORD_STORE_IO */
  copyTo(path: string): Promise<void> {
    if (TRACE && this.trace !== undefined) return this.trace('records.lmdb.copy', () => this.#copyTo(path));
    return this.#copyTo(path);
  }

  async #copyTo(path: string): Promise<void> {
    try {
      await this.#database.backup(path, true);
      // LMDB makes it readable by everybody.
      await chmod(path, FILE_MODE);
      await syncFile(path);
    } catch (error) {
      // Half a copy is none.
      await removeFile(path).catch(() => undefined);
      throw await failureOf(error, path);
    }
  }

  /**
   * Makes a compacted copy, opens it and gives it the file's name; this one goes on under none. Nobody
   * may commit meanwhile. After a crash in between, either is there. @throws RecordStoreError RECORD_STORE_IO
   */
  compacted(): Promise<Compacted> {
    if (TRACE && this.trace !== undefined) return this.trace('records.lmdb.compact', () => this.#compacted());
    return this.#compacted();
  }

  async #compacted(): Promise<Compacted> {
    const draft = `${this.path}.compact-${process.pid}`;
    await removeDraft(draft);
    await this.#copyTo(draft);
    const environment = await LmdbEnvironment.open(draft).catch(async (error: unknown) => {
      await removeDraft(draft);
      throw error;
    });
    if (TRACE) environment.trace = this.trace;
    try {
      const [before, after] = await Promise.all([stat(this.path), stat(draft)]);
      await environment.takeName(this.path);
      return { environment, bytesBefore: before.size, bytesAfter: after.size };
    } catch (error) {
      await environment.close();
      await removeDraft(draft);
      throw mapError(error, draft);
    }
  }

  /**
   * Puts this file in the place of another, which this process has open or LMDB cannot open, and which
   * is closed afterwards. @throws the file system's errors
   */
  async takeName(path: string): Promise<void> {
    await rename(this.path, path);
    // Whoever opens the file next must find us in its table of readers.
    await rename(`${this.path}-lock`, `${path}-lock`);
    await syncFile(dirname(path));
    openHere.delete(this.path);
    openHere.set(path, this.#mark);
    this.#path = path;
  }

  /** Keeps the pages of the last commit as they are while `work` reads them, by the snapshot or from the file. */
  async withSnapshot<T>(work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    this.#database.resetReadTxn();
    const transaction = this.#database.useReadTransaction();
    try {
      return await work({ range: (range) => this.#range(range, transaction) });
    } finally {
      transaction.done();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    try {
      await this.#database.close();
    } finally {
      // Another file may have its name by now.
      if (openHere.get(this.path) === this.#mark) openHere.delete(this.path);
    }
  }
}

import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { EventLog, TraceContext } from '@p2p/trace';
import { BootstrapCacheError } from '../errors.ts';
import { type FileDefect, type FileImage, readFrame } from '../file-format.ts';
import { draftName, fileNames, type FileNames, isDraftOf, isQuarantineOf, quarantineName } from './file-names.ts';
import { codeOf, type FileIdentity, type FileSystem } from './file-system.ts';
import { isWithoutLinks } from './lease.ts';

/** Files set aside that are kept, newest first. */
const KEPT_QUARANTINED = 8;
/** No peer takes more than this many bytes of a file that we wrote; a small cache may find a large one's file. */
const MIN_FILE_LIMIT = 64 * 1024 * 1024;
const MAX_PEER_BYTES = 4096;

/** A file that was set aside. */
export interface Quarantined {
  readonly reason: FileDefect | 'too-large';
  readonly path: string;
}

export interface Loaded {
  readonly image: FileImage | undefined;
  /** Of the current file, when it is the one that was read. */
  readonly identity: FileIdentity | undefined;
  readonly quarantined: readonly Quarantined[];
}

/** The files of one network: reading with fall back, and replacing in steps of which each may be the last. */
export class FileStore {
  readonly names: FileNames;
  readonly directory: string;
  declare traceLog: EventLog | undefined;
  /** Of the load or save that is under way: there is one at a time. */
  declare traceContext: TraceContext | undefined;
  readonly #fs: FileSystem;
  readonly #network: string;
  readonly #maxBytes: number;

  constructor(fs: FileSystem, directory: string, network: string, maxPeers: number) {
    this.#fs = fs;
    this.directory = directory;
    this.#network = network;
    this.names = fileNames(network);
    this.#maxBytes = Math.max(MIN_FILE_LIMIT, maxPeers * MAX_PEER_BYTES);
  }

  /** The current file if it is sound. Needs no lock: files only ever appear whole. */
  async peek(): Promise<Loaded | undefined> {
    const found = await this.#judge(this.names.current);
    if (found === undefined || typeof found === 'string') return undefined;
    return { image: found.image, identity: found.identity, quarantined: [] };
  }

  /** The current file, or the previous one when it is missing or unusable; what is unusable is set aside. Needs the lock. */
  async load(nowMs: number): Promise<Loaded> {
    const quarantined: Quarantined[] = [];
    for (const name of [this.names.current, this.names.previous]) {
      const found = await this.#judge(name);
      if (found === undefined) continue;
      if (typeof found !== 'string') {
        return { image: found.image, identity: name === this.names.current ? found.identity : undefined, quarantined };
      }
      const aside = join(this.directory, quarantineName(name, found, nowMs));
      await this.#fs.rename(join(this.directory, name), aside);
      quarantined.push({ reason: found, path: aside });
    }
    if (quarantined.length > 0) await this.#dropOldQuarantined();
    return { image: undefined, identity: undefined, quarantined };
  }

  /** The identity of the current file. */
  identify(): Promise<FileIdentity | undefined> {
    return this.#fs.identify(join(this.directory, this.names.current));
  }

  /**
   * Replaces the current file and keeps it as the previous one. At every moment one of the two is
   * whole and on disk. Needs the lock, and asks `isHeld` before the first step that others see.
   */
  async replace(parts: readonly Uint8Array[], isHeld: () => Promise<boolean>): Promise<FileIdentity | undefined> {
    const { current, previous } = this.names;
    await this.#dropDrafts();
    const draft = join(this.directory, draftName(current));
    try {
      const file = await this.#fs.open(draft, 'create');
      try {
        await file.writeAll(parts);
        await file.sync();
      } finally {
        await file.close();
      }
      if (!(await isHeld())) {
        throw new BootstrapCacheError('BOOTSTRAP_CACHE_LOCK_LOST', 'the process stood still for so long that another one took the lock over: save again');
      }
      await this.#keepPrevious(join(this.directory, current), join(this.directory, previous));
      await this.#fs.rename(draft, join(this.directory, current));
      await this.#fs.syncDirectory(this.directory);
    } catch (error) {
      await this.#fs.remove(draft);
      throw error;
    }
    return await this.identify();
  }

  async #keepPrevious(current: string, previous: string): Promise<void> {
    const draft = join(this.directory, draftName(this.names.previous));
    try {
      await this.#fs.link(current, draft);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      if (!isWithoutLinks(error)) throw error;
      await this.#fs.copy(current, draft);
    }
    await this.#fs.rename(draft, previous);
    // Two names of one file: renaming one over the other does nothing and leaves both.
    await this.#fs.remove(draft);
  }

  async #judge(name: string): Promise<{ image: FileImage; identity: FileIdentity } | Quarantined['reason'] | undefined> {
    let found: { bytes: Uint8Array; identity: FileIdentity } | undefined;
    try {
      found = await this.#fs.read(join(this.directory, name), this.#maxBytes);
    } catch (error) {
      if (error instanceof RangeError) return 'too-large';
      throw error;
    }
    if (found === undefined) return undefined;
    const reading = readFrame(found.bytes, this.#network, crc32);
    return reading.ok ? { image: reading.image, identity: found.identity } : reading.reason;
  }

  async #dropDrafts(): Promise<void> {
    for (const file of await this.#fs.list(this.directory)) {
      if (isDraftOf(file, this.names.current)) await this.#fs.remove(join(this.directory, file));
    }
  }

  async #dropOldQuarantined(): Promise<void> {
    const files = (await this.#fs.list(this.directory)).filter((file) => isQuarantineOf(file, this.names.current));
    const byTime = files.sort((a, b) => timeIn(b).localeCompare(timeIn(a)));
    for (const file of byTime.slice(KEPT_QUARANTINED)) await this.#fs.remove(join(this.directory, file));
  }
}

/** The time in a quarantined file's name. */
function timeIn(file: string): string {
  return /-(\d{4}-\d{2}-\d{2}T\d+Z)-/.exec(file)?.[1] ?? '';
}

import { join } from 'node:path';
import { codeOf, type FileSystem, type OpenFile } from './file-system.ts';
import { isCertainlyDead, type Owner, parseOwner } from './owner.ts';

/** A living owner renews its lease this often. */
const HEARTBEAT_MS = 2_000;
/** Who has watched a lease for this long without seeing it renewed may take it. */
const EXPIRES_MS = 10_000;
/** Older generations that stay, so that a process with an old view of the directory runs into them. */
const KEPT_GENERATIONS = 4;
const HELD = 'H';
const FREE = 'F';

/** What a process remembers about a lease that it waits for. */
export interface Watched {
  readonly generation: number;
  readonly modifiedMs: number;
  readonly sinceMs: number;
}

/**
 * A lease in files named `<base>.<generation>`. Whoever creates the next generation holds it: creating
 * a name succeeds for one process only, so two that find the same dead owner cannot both take over.
 */
export class Lease {
  readonly #fs: FileSystem;
  readonly #directory: string;
  readonly #base: string;
  readonly #generation: number;
  readonly #file: OpenFile;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #renewal: Promise<void> = Promise.resolve();

  private constructor(fs: FileSystem, directory: string, base: string, generation: number, file: OpenFile) {
    this.#fs = fs;
    this.#directory = directory;
    this.#base = base;
    this.#generation = generation;
    this.#file = file;
    this.#heartbeat = setInterval(() => {
      // A renewal that fails lets the lease run out, which `isHeld` then finds.
      this.#renewal = this.#renewal.then(() => file.touch()).catch(() => undefined);
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** Takes the lease if it is free or its owner is gone; otherwise says what to go on watching. */
  static async tryTake(fs: FileSystem, directory: string, base: string, self: Owner, watched: Watched | undefined): Promise<Lease | Watched> {
    const highest = highestGeneration(await fs.list(directory), base);
    if (highest > 0) {
      const busy = await stillHeld(fs, join(directory, `${base}.${highest}`), highest, self, watched);
      if (busy !== undefined) return busy;
    }
    const generation = highest + 1;
    const path = join(directory, `${base}.${generation}`);
    if (!(await createWhole(fs, directory, `${base}.${self.token}.tmp`, path, HELD + JSON.stringify(self)))) {
      return { generation, modifiedMs: 0, sinceMs: performance.now() };
    }
    const names = await fs.list(directory);
    // Somebody was further on than our view: ours was a name of the past.
    if (highestGeneration(names, base) !== generation) {
      await fs.remove(path);
      return { generation, modifiedMs: 0, sinceMs: performance.now() };
    }
    for (const name of names) {
      const old = generationOf(name, base);
      if (old !== undefined && old <= generation - KEPT_GENERATIONS) await fs.remove(join(directory, name));
    }
    return new Lease(fs, directory, base, generation, await fs.open(path, 'edit'));
  }

  /** False when another process took over because this one did not renew in time. Ask before any step that others must see. */
  async isHeld(): Promise<boolean> {
    return highestGeneration(await this.#fs.list(this.#directory), this.#base) === this.#generation;
  }

  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    await this.#renewal;
    try {
      await this.#file.overwrite(Buffer.from(FREE));
    } finally {
      await this.#file.close();
    }
  }
}

/** Undefined when the generation is free, gone or its owner is. */
async function stillHeld(fs: FileSystem, path: string, generation: number, self: Owner, watched: Watched | undefined): Promise<Watched | undefined> {
  const found = await fs.read(path, 65_536);
  // Removed by its successor: look again.
  if (found === undefined) return { generation, modifiedMs: 0, sinceMs: performance.now() };
  const text = Buffer.from(found.bytes).toString('utf8');
  if (text.startsWith(FREE)) return undefined;
  const owner = parseOwner(text.slice(1));
  if (owner !== undefined) {
    if (isCertainlyDead(owner, self)) return undefined;
    // We hold the kernel's lock, which the owner held on the same kernel: it must have died.
    if (self.hasOsLock && owner.hasOsLock && owner.machine === self.machine) return undefined;
  }
  const { modifiedMs } = found.identity;
  const isSame = watched !== undefined && watched.generation === generation && watched.modifiedMs === modifiedMs;
  if (!isSame) return { generation, modifiedMs, sinceMs: performance.now() };
  // Measured on our own clock: those of two machines may differ by more than a lease lasts.
  return performance.now() - watched.sinceMs > EXPIRES_MS ? undefined : watched;
}

/** Creates a file with all its content at once; false when the name is taken. */
async function createWhole(fs: FileSystem, directory: string, draftName: string, path: string, text: string): Promise<boolean> {
  const draft = join(directory, draftName);
  const file = await fs.open(draft, 'create');
  try {
    await file.writeAll([Buffer.from(text)]);
  } finally {
    await file.close();
  }
  try {
    await fs.link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!isWithoutLinks(error)) throw error;
    return await createBare(fs, path, text);
  } finally {
    await fs.remove(draft);
  }
}

/** Where there are no hard links the content comes after the name; until then the lease counts as held by somebody unknown. */
async function createBare(fs: FileSystem, path: string, text: string): Promise<boolean> {
  try {
    const file = await fs.open(path, 'create');
    try {
      await file.writeAll([Buffer.from(text)]);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

export function isWithoutLinks(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '');
}

function highestGeneration(names: readonly string[], base: string): number {
  let highest = 0;
  for (const name of names) highest = Math.max(highest, generationOf(name, base) ?? 0);
  return highest;
}

function generationOf(name: string, base: string): number | undefined {
  if (!name.startsWith(`${base}.`)) return undefined;
  const suffix = name.slice(base.length + 1);
  return /^[1-9]\d{0,14}$/.test(suffix) ? Number(suffix) : undefined;
}

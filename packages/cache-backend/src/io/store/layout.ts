import * as fs from 'node:fs';
import { CacheError } from '../../errors.ts';
import { keyBytes } from '../../key.ts';
import { fsPath, showPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { sha256 } from '../tree/copy-bytes.ts';

const DIRECTORIES = ['keys', 'trees', 'pool', 'tmp', 'leases', 'pins', 'locks', 'trash', 'quarantine'] as const;
const SHARDED = ['keys', 'trees', 'pool'] as const;
/** Room that is kept for removals: they write a little before they free much. */
const RESERVE_BYTES = 64 * 1024;
const FORMAT = { format: 'p2p-cache', version: 1 };

/** Hash of a key: its name in the index. */
export function hashKey(key: string): string {
  return sha256(keyBytes(key));
}

/** All two-digit directories. */
export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, index) => index.toString(16).padStart(2, '0'));

/** Where everything lies in a cache directory. Paths are bytes. */
export class Layout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  pointer(hash: string): string {
    return `${this.root}/keys/${hash.slice(0, 2)}/${hash}`;
  }

  container(tree: string): string {
    return `${this.root}/trees/${tree.slice(0, 2)}/${tree}`;
  }

  /** The directory that callers see. */
  tree(tree: string): string {
    return `${this.container(tree)}/tree`;
  }

  pin(hash: string): string {
    return `${this.root}/pins/${hash}`;
  }

  at(...names: string[]): string {
    return [this.root, ...names].join('/');
  }
}

/** Makes what is missing of a cache directory. @throws CacheError CACHE_FORMAT for a directory that holds something else. */
export function prepareDirectory(layout: Layout): void {
  fs.mkdirSync(fsPath(layout.root), { recursive: true, mode: 0o700 });
  const format = layout.at('format.json');
  const known = readFormat(format);
  if (known === undefined) {
    const strangers = fs.readdirSync(fsPath(layout.root)).filter((name) => !(DIRECTORIES as readonly string[]).includes(name) && !name.startsWith('format.json') && name !== 'CACHEDIR.TAG' && name !== 'reserve');
    if (strangers.length > 0) throw new CacheError('CACHE_FORMAT', `${showPath(layout.root)} holds other things, such as ${strangers[0]}: give the cache a directory of its own`);
  }
  for (const name of DIRECTORIES) makeDirectory(layout.at(name));
  for (const name of SHARDED) {
    const there = new Set(fs.readdirSync(fsPath(layout.at(name)), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name));
    // What is no directory is refused as it is made.
    for (const shard of SHARDS) if (!there.has(shard)) makeDirectory(layout.at(name, shard));
  }
  keepReserve(layout);
  if (known !== undefined) return;
  const draft = `${format}.${process.pid}-${performance.now()}`;
  fs.writeFileSync(fsPath(draft), `${JSON.stringify(FORMAT)}\n`, { flush: true, flag: 'wx' });
  fs.renameSync(fsPath(draft), fsPath(format));
  // Backup programs leave such directories out: https://bford.info/cachedir/
  fs.rmSync(fsPath(layout.at('CACHEDIR.TAG')), { force: true });
  fs.writeFileSync(fsPath(layout.at('CACHEDIR.TAG')), 'Signature: 8a477f597d28d172789f06886806bc55\n', { flag: 'wx' });
  syncDirectory(layout.root);
}

/** Takes the room for removals, if there is any. */
export function keepReserve(layout: Layout): void {
  const path = fsPath(layout.at('reserve'));
  const there = fs.lstatSync(path, { throwIfNoEntry: false });
  if (there?.isFile() === true) return;
  if (there !== undefined) fs.rmSync(path, { recursive: true, force: true });
  try {
    fs.writeFileSync(path, Buffer.alloc(RESERVE_BYTES, 1), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another process took it.
    if (errnoOf(error) === 'EEXIST') return;
    fs.rmSync(path, { force: true });
    if (errnoOf(error) !== 'ENOSPC' && errnoOf(error) !== 'EDQUOT') throw error;
  }
}

/** Gives that room to a removal on a full disk; false when it was given already. */
export function giveReserve(layout: Layout): boolean {
  const path = fsPath(layout.at('reserve'));
  const had = fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  fs.rmSync(path, { recursive: true, force: true });
  return had;
}

function readFormat(path: string): true | undefined {
  let text: string;
  try {
    text = fs.readFileSync(fsPath(path), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<typeof FORMAT>;
    if (value.format === FORMAT.format && value.version === FORMAT.version) return true;
  } catch {
    // Not ours: refused below.
  }
  throw new CacheError('CACHE_FORMAT', `${showPath(path)} says that this is another format, or a later version of it: ${text.slice(0, 100)}`);
}

function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(fsPath(path), { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // A link planted here would lead everything out of the cache.
    if (!fs.lstatSync(fsPath(path)).isDirectory()) throw new CacheError('CACHE_FORMAT', `${showPath(path)} is no directory`);
  }
}

/** Names that were made or renamed in a directory survive a power cut after this. */
export function syncDirectory(path: string): void {
  const fd = fs.openSync(fsPath(path), 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

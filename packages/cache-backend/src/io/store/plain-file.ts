import * as fs from 'node:fs';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** What opening something says that is no plain file: a link, a directory, a FIFO or socket. */
const STRANGE: ReadonlySet<string> = new Set(['ELOOP', 'EISDIR', 'ENXIO']);

/** The text of one of the store's files; undefined where there is none. What is no plain file was planted: it has no text. */
export function readPlain(path: string, encoding: 'latin1' | 'utf8'): string | undefined {
  let fd: number;
  try {
    fd = fs.openSync(fsPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT') return undefined;
    if (STRANGE.has(code)) return '';
    throw error;
  }
  try {
    return fs.fstatSync(fd).isFile() ? fs.readFileSync(fd, encoding) : '';
  } finally {
    fs.closeSync(fd);
  }
}

/** Makes an empty file unless it is there. What is no plain file gives way; nothing is written through a link. */
export function ensurePlain(path: string): void {
  const at = fsPath(path);
  try {
    fs.closeSync(fs.openSync(at, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600));
  } catch (error) {
    if (!STRANGE.has(errnoOf(error) ?? '')) throw error;
    fs.rmSync(at, { recursive: true, force: true });
    fs.closeSync(fs.openSync(at, 'wx', 0o600));
  }
}

/** Replaces the text of a file that is there; false when it is gone, or no plain file any more. */
export function overwritePlain(path: string, text: string): boolean {
  let fd: number;
  try {
    fd = fs.openSync(fsPath(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error) ?? '';
    if (code === 'ENOENT' || STRANGE.has(code)) return false;
    throw error;
  }
  try {
    fs.writeSync(fd, text, 0);
    fs.ftruncateSync(fd, text.length);
    return true;
  } finally {
    fs.closeSync(fd);
  }
}

/** A directory of the store that must be one: something else in its place gives way. */
export function ensureDirectory(path: string): void {
  const at = fsPath(path);
  const stat = fs.lstatSync(at, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return;
  if (stat !== undefined) fs.rmSync(at, { force: true });
  fs.mkdirSync(at, { mode: 0o700 });
}

/** Renames a finished file to its place, where a directory gives way too. */
export function renameOver(draft: string, path: string): void {
  try {
    fs.renameSync(fsPath(draft), fsPath(path));
  } catch (error) {
    if (errnoOf(error) !== 'EISDIR') throw error;
    fs.rmSync(fsPath(path), { recursive: true, force: true });
    fs.renameSync(fsPath(draft), fsPath(path));
  }
}

import { basename, dirname } from 'node:path';
import type { FileSystem, OpenFile } from '../src/index.ts';

interface MemoryFile {
  bytes: Uint8Array;
  modifiedMs: number;
  readonly inode: number;
  links: number;
}

/** An error as the system makes them. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

/** A file system in memory, for tests that open a great many files. `before` may throw to make a step fail. */
export class MemoryFileSystem implements FileSystem {
  readonly files: Map<string, MemoryFile> = new Map();
  before: (step: string, path: string) => void = () => undefined;
  #inodes = 0;
  #ticks = 0;

  put(path: string, bytes: Uint8Array): void {
    this.files.set(path, { bytes, modifiedMs: ++this.#ticks, inode: ++this.#inodes, links: 1 });
  }

  async makeDirectory(path: string): Promise<void> {
    this.before('makeDirectory', path);
  }

  async list(directory: string): Promise<string[]> {
    this.before('list', directory);
    return [...this.files.keys()].filter((path) => dirname(path) === directory).map((path) => basename(path));
  }

  async open(path: string, mode: 'create' | 'edit' | 'lock'): Promise<OpenFile> {
    this.before('open', path);
    const found = this.files.get(path);
    if (mode === 'create' && found !== undefined) throw systemError('EEXIST');
    if (mode === 'edit' && found === undefined) throw systemError('ENOENT');
    if (found === undefined) this.put(path, new Uint8Array(0));
    const file = this.files.get(path)!;
    return {
      fd: -1,
      writeAll: async (parts) => {
        this.before('write', path);
        file.bytes = Buffer.concat([file.bytes, ...parts]);
        file.modifiedMs = ++this.#ticks;
      },
      overwrite: async (bytes) => {
        this.before('overwrite', path);
        file.bytes = Buffer.concat([bytes, file.bytes.subarray(bytes.length)]);
      },
      sync: async () => this.before('sync', path),
      touch: async () => {
        file.modifiedMs = ++this.#ticks;
      },
      close: async () => undefined,
    };
  }

  async read(path: string, maxBytes: number): ReturnType<FileSystem['read']> {
    this.before('read', path);
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    if (file.bytes.length > maxBytes) throw new RangeError('too large');
    return { bytes: file.bytes, identity: identityOf(file) };
  }

  async identify(path: string): ReturnType<FileSystem['identify']> {
    const file = this.files.get(path);
    return file === undefined ? undefined : identityOf(file);
  }

  async link(from: string, to: string): Promise<void> {
    this.before('link', to);
    const file = this.files.get(from);
    if (file === undefined) throw systemError('ENOENT');
    if (this.files.has(to)) throw systemError('EEXIST');
    this.files.set(to, file);
  }

  async copy(from: string, to: string): Promise<void> {
    this.before('copy', to);
    this.put(to, this.files.get(from)!.bytes);
  }

  async rename(from: string, to: string): Promise<void> {
    this.before('rename', to);
    const file = this.files.get(from);
    if (file === undefined) throw systemError('ENOENT');
    if (this.files.get(to) === file) return;
    this.files.set(to, file);
    this.files.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.before('remove', path);
    this.files.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.before('syncDirectory', path);
  }
}

function identityOf(file: MemoryFile): { key: string; sizeBytes: number; modifiedMs: number } {
  return { key: `${file.inode}:${file.modifiedMs}`, sizeBytes: file.bytes.length, modifiedMs: file.modifiedMs };
}

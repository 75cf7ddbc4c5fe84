import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Real packages: what this workspace has installed. */
const INSTALLED = new URL('../../../node_modules/.pnpm', import.meta.url).pathname;
const MAX_BYTES = 64 * 1024;

/** A tree of so many small files taken from installed packages, with their directories. Returns the bytes in all. */
export function makeFiles(target: string, count: number): number {
  let files = 0;
  let bytes = 0;
  const visit = (from: string, to: string): void => {
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      if (files >= count) return;
      const path = join(from, entry.name);
      if (entry.isDirectory()) visit(path, join(to, entry.name));
      else if (entry.isFile()) {
        const stat = lstatSync(path);
        if (stat.size > MAX_BYTES) continue;
        mkdirSync(to, { recursive: true });
        const copy = join(to, entry.name);
        writeFileSync(copy, readFileSync(path), { mode: stat.mode & 0o777 });
        utimesSync(copy, stat.mtime, stat.mtime);
        files++;
        bytes += stat.size;
      }
    }
  };
  visit(INSTALLED, target);
  for (let more = 0; files < count; more++, files++) {
    const path = join(target, 'more', String(more % 100), `${more}.txt`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `file ${more}\n`.repeat(200));
  }
  return bytes;
}

/** Changes the content of every tenth file. */
export function changeTenth(dir: string): void {
  let seen = 0;
  for (const path of allFiles(dir)) if (seen++ % 10 === 0) writeFileSync(path, `${readFileSync(path, 'latin1')} changed`, 'latin1');
}

export function readAll(dir: string): void {
  for (const path of allFiles(dir)) readFileSync(path);
}

export function allFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

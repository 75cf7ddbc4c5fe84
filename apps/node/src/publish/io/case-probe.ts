import { randomUUID } from 'node:crypto';
import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether the file system of a directory takes names for the same that differ in case, or in how accents are written. */
export function foldsNames(directory: string): boolean {
  const name = `dave-É-${randomUUID()}`.normalize('NFC');
  const path = join(directory, name);
  writeFileSync(path, '', { flag: 'wx' });
  try {
    return existsSync(join(directory, name.toLowerCase())) || existsSync(join(directory, name.normalize('NFD')));
  } finally {
    unlinkSync(path);
  }
}

import { sep } from 'node:path';

const SEPARATOR = Buffer.from(sep);

/** The path of an entry; bytes, because names need not be UTF-8. */
export function joinPath(directory: Buffer, name: Uint8Array): Buffer {
  return Buffer.concat([directory, SEPARATOR, name]);
}

const ASCII = /^[\0-\x7f]*$/;

/** Paths inside are strings of bytes, one per character: names need not be UTF-8. This is the form that `node:fs` takes. */
export function fsPath(bytes: string): string | Buffer {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1');
}

/** The bytes of an ordinary path. */
export function bytesOfPath(path: string): string {
  return ASCII.test(path) ? path : Buffer.from(path, 'utf8').toString('latin1');
}

/** For messages: the path as text, as far as it is text. */
export function showPath(bytes: string): string {
  return ASCII.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
}

/** `directory/name`, where `.` names the directory itself. */
export function joinBytes(directory: string, relative: string): string {
  return relative === '.' ? directory : `${directory}/${relative}`;
}

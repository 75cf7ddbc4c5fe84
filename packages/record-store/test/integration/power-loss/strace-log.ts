/** What a process did to one file, in the order in which it began and ended. */
export type FileEvent =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer; /** Returns only when it is on the disk. */ readonly through: boolean; readonly began: number; readonly ended: number }
  | { readonly kind: 'sync'; readonly began: number; readonly ended: number }
  | { readonly kind: 'said'; readonly text: string; readonly began: number; readonly ended: number }
  | { readonly kind: 'linked'; readonly began: number; readonly ended: number }
  | { readonly kind: 'directory-sync'; readonly began: number; readonly ended: number };

/** System calls that this reads. Any other way to write into a file would be missed: `other` finds those. */
export const TRACED = 'openat,open,lseek,pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,msync,mmap,mremap,ftruncate,fallocate,sync_file_range,copy_file_range,sendfile,link,linkat,rename,renameat,renameat2';

interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: number;
  readonly began: number;
  readonly ended: number;
}

/** Reads the output of `strace -f -y -xx -s <much>`. `base` is the file's path without what a draft's name adds. */
export function fileEvents(log: string, base: string): FileEvent[] {
  const events: FileEvent[] = [];
  const position = new Map<string, number>();
  const through = new Set<string>();
  for (const call of calls(log)) {
    const { name, args, result, began, ended } = call;
    if (result < 0) continue;
    const target = /^(\d+)<([^>]*)>/.exec(args);
    const path = target === null ? '' : unhex(target[2]!);
    const isFile = path.startsWith(base) && !path.endsWith('-lock');
    if (name === 'openat') {
      const opened = / = ?$|/.exec(args) === null ? '' : args;
      const fd = /(\d+)<([^>]*)>$/.exec(opened);
      if (fd !== null && unhex(fd[2]!).startsWith(base) && /O_D?SYNC/.test(args)) through.add(fd[1]!);
      else if (fd !== null) through.delete(fd[1]!);
    } else if (name === 'link' || name === 'linkat' || name.startsWith('rename')) {
      if (args.includes(hexOf(base))) events.push({ kind: 'linked', began, ended });
    } else if (name === 'write' && target?.[1] === '1') {
      events.push({ kind: 'said', text: strings(args)[0]!.toString().trim(), began, ended });
    } else if ((name === 'fsync' || name === 'fdatasync') && isDirectoryOf(path, base)) {
      events.push({ kind: 'directory-sync', began, ended });
    } else if (isFile) {
      const fd = target![1]!;
      if (name === 'lseek') position.set(fd, result);
      else if (name === 'fsync' || name === 'fdatasync') events.push({ kind: 'sync', began, ended });
      else if (name === 'pwrite64' || name === 'pwritev' || name === 'write' || name === 'writev') {
        const bytes = Buffer.concat(strings(args)).subarray(0, result);
        if (bytes.length !== result) throw new Error(`the trace cut off what ${name} wrote`);
        const explicit = name.startsWith('p');
        const offset = explicit ? Number(/, (\d+)$/.exec(args)![1]) : (position.get(fd) ?? 0);
        if (!explicit) position.set(fd, offset + result);
        events.push({ kind: 'write', offset, bytes, through: through.has(fd), began, ended });
      } else if (name === 'mmap' ? /PROT_WRITE/.test(args) && /MAP_SHARED/.test(args) : name !== 'mremap') {
        throw new Error(`${name} may write into the file, which this model does not know: ${args.slice(0, 200)}`);
      }
    } else if (name === 'mmap' && args.includes(hexOf(base)) && !args.includes(hexOf('-lock')) && /PROT_WRITE/.test(args) && /MAP_SHARED/.test(args)) {
      throw new Error(`the file is mapped for writing: ${args.slice(0, 200)}`);
    }
  }
  return events.sort((one, other) => one.began - other.began);
}

function* calls(log: string): Generator<Call, void, undefined> {
  const unfinished = new Map<string, { text: string; began: number }>();
  for (const [at, line] of log.split('\n').entries()) {
    const match = /^(\d+)\s+(.*)$/.exec(line);
    if (match === null) continue;
    const thread = match[1]!;
    let text = match[2]!;
    let began = at;
    if (text.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { text: text.slice(0, -'<unfinished ...>'.length), began });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text);
    if (resumed !== null) {
      const start = unfinished.get(thread);
      if (start === undefined) continue;
      text = start.text + text.slice(resumed[0].length);
      ({ began } = start);
    }
    const whole = /^(\w+)\((.*)\)\s+= (-?\d+|0x[0-9a-f]+)(.*)$/s.exec(text);
    if (whole === null) continue;
    const [, name = '', padded = '', result = '', more = ''] = whole;
    // A call that was resumed keeps the space before `<unfinished ...>`.
    const args = padded.trimEnd();
    // What openat returns belongs to its arguments here: `= 18<path>`.
    yield { name, args: name === 'openat' ? `${args} = ${result}${/^<[^>]*>/.exec(more)?.[0] ?? ''}` : args, result: Number(result), began, ended: at };
  }
}

function strings(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, text = '']) => Buffer.from(text.replaceAll('\\x', ''), 'hex'));
}

/** Paths are in hex with -xx, or plain. */
function unhex(text: string): string {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex').toString() : text;
}

function hexOf(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function isDirectoryOf(path: string, base: string): boolean {
  return path !== '' && path === base.slice(0, base.lastIndexOf('/'));
}

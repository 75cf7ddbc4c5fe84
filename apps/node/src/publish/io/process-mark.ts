import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf } from '../../cli/app-error.ts';

/** `<pid>-<start>-<where>-`: start in clock ticks after boot, 0 where the system does not say. */
const MARK = /^(\d{1,10})-(\d{1,20})-([0-9a-f]{16})-/;

/** The beginning of a name that tells whose it is: this process, and no other before or after it. */
export function processMark(): string {
  return `${process.pid}-${startOf('self') ?? '0'}-${pidSpace()}-`;
}

/**
 * Whether the process that marked a name is no more. `unknown` for names without a mark, and for marks of another
 * boot, machine or pid namespace: their pids say nothing here.
 */
export function ownerOf(name: string): 'living' | 'dead' | 'unknown' {
  const [, pid, start, space] = MARK.exec(name) ?? [];
  if (pid === undefined || space !== pidSpace()) return 'unknown';
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return 'dead';
    // EPERM: it lives, and belongs to somebody else.
    if (codeOf(error) !== 'EPERM') throw error;
  }
  const startNow = startOf(Number(pid));
  return startNow === undefined || start === '0' || startNow === start ? 'living' : 'dead';
}

/** One boot of one kernel, and one pid namespace of it. */
function pidSpace(): string {
  const boot = readOrElse(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), hostname());
  const space = readOrElse(() => readlinkSync('/proc/self/ns/pid'), '');
  return createHash('sha256').update(`${boot}\n${space}`).digest('hex').slice(0, 16);
}

/** Field 22 of proc(5) stat, `gone` for a zombie; undefined where the system does not say. */
function startOf(pid: number | 'self'): string | undefined {
  const stat = readOrElse(() => readFileSync(`/proc/${pid}/stat`, 'utf8'), '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'gone' : fields[19];
}

/** Linux only: other systems lack these files. */
function readOrElse(read: () => string, otherwise: string): string {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lease: enough to tell a dead owner from a living one. */
export interface Owner {
  readonly token: string;
  readonly pid: number;
  /** One boot of one kernel: processes that agree on it can see each other's operating system locks. */
  readonly machine: string;
  /** Pids mean the same only within one of these. */
  readonly pidSpace: string;
  /** Tells apart two processes that had the same pid; empty where the system does not say. */
  readonly startedAt: string;
  /** The owner also holds the operating system's lock. */
  readonly hasOsLock: boolean;
}

/** This process as an owner, with a token of its own for every lease. */
export function describeSelf(hasOsLock: boolean): Owner {
  return {
    token: randomUUID(),
    pid: process.pid,
    machine: machineId(),
    pidSpace: readOrEmpty(() => readlinkSync('/proc/self/ns/pid')),
    startedAt: startTimeOf('self'),
    hasOsLock,
  };
}

/** True when the owner certainly is no more; false when it lives or nobody here can know. */
export function isCertainlyDead(owner: Owner, self: Owner): boolean {
  if (owner.machine !== self.machine || owner.pidSpace !== self.pidSpace) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as { code?: string }).code === 'ESRCH';
  }
  const startedAt = startTimeOf(owner.pid);
  return owner.startedAt !== '' && startedAt !== '' && startedAt !== owner.startedAt;
}

/** The owner in a lease file; undefined for one that is half written or foreign. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const value = JSON.parse(text) as Owner;
    const areStrings = [value.token, value.machine, value.pidSpace, value.startedAt].every((field) => typeof field === 'string');
    return areStrings && Number.isSafeInteger(value.pid) && value.pid > 0 ? value : undefined;
  } catch {
    // Nobody can be made out: the heartbeat decides.
    return undefined;
  }
}

function machineId(): string {
  const boot = readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return boot === '' ? `host:${hostname()}` : `boot:${boot}`;
}

/** Clock ticks after boot at which a process began (field 22 of proc(5) stat); the name before it may hold anything. */
function startTimeOf(pid: number | 'self'): string {
  return readOrEmpty(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

/** Linux only: other systems lack these files and fall back to what they have. */
function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

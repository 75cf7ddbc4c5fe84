import { randomBytes } from 'node:crypto';

/** The files of one network in a cache directory. */
export interface FileNames {
  readonly current: string;
  /** The file before the current one. */
  readonly previous: string;
  readonly lock: string;
}

export function fileNames(network: string): FileNames {
  return { current: `peers-${network}.cache`, previous: `peers-${network}.cache.previous`, lock: `peers-${network}.lock` };
}

/** A name nobody else uses; ends in `.tmp`. */
export function draftName(name: string): string {
  return `${name}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/** Drafts of writers that died; only the lock's holder makes them. */
export function isDraftOf(file: string, name: string): boolean {
  return file.startsWith(`${name}.`) && file.endsWith('.tmp');
}

/** Where an unusable file goes; sorts by time. */
export function quarantineName(name: string, reason: string, nowMs: number): string {
  return `${name}.${reason}-${new Date(nowMs).toISOString().replaceAll(/[:.]/g, '')}-${randomBytes(3).toString('hex')}.bad`;
}

export function isQuarantineOf(file: string, name: string): boolean {
  return file.startsWith(`${name}.`) && file.endsWith('.bad');
}

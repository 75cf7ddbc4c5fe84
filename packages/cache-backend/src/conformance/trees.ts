import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';

/** Everything about a tree that must survive: escaped path to description. */
export type TreeSnapshot = Record<string, string>;

export interface SnapshotOptions {
  /** Compare owners too. Default: when the process is root. */
  readonly owners?: boolean;
}

/** Describes a tree in a way that two equal ones are described alike; without following links. */
export function snapshotTree(root: string, options: SnapshotOptions = {}): TreeSnapshot {
  const owners = options.owners ?? process.getuid?.() === 0;
  const groups = new Map<string, string[]>();
  const snapshot: TreeSnapshot = {};
  const visit = (path: Buffer, name: string): void => {
    const stat = fs.lstatSync(path, { bigint: true });
    const parts = [kindOf(stat), (Number(stat.mode) & 0o7777).toString(8), `mtime ${microsecondsOf(path)}`];
    if (owners) parts.push(`${stat.uid}:${stat.gid}`);
    if (stat.isFile()) {
      parts.push(String(stat.size), createHash('sha256').update(fs.readFileSync(path)).digest('hex'));
      if (stat.nlink > 1n) {
        const key = `${stat.dev}:${stat.ino}`;
        groups.set(key, [...(groups.get(key) ?? []), name]);
      }
    } else if (stat.isSymbolicLink()) {
      // Links have no mode of their own on Linux, and others report what they like.
      parts[1] = '-';
      parts.push(`-> ${fs.readlinkSync(path, { encoding: 'latin1' })}`);
    } else if (!stat.isDirectory()) parts.push(`device ${stat.rdev}`);
    snapshot[name] = parts.join(' ');
    if (!stat.isDirectory()) return;
    for (const child of fs.readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)) {
      visit(Buffer.concat([path, Buffer.from('/'), child]), `${name}/${child.toString('latin1')}`);
    }
  };
  visit(Buffer.from(root), '.');
  for (const names of groups.values()) {
    // Files that a store shares between trees have more links; only those within this tree are its own.
    if (names.length > 1) for (const name of names) snapshot[name] += ` linked ${names.sort().join(' ')}`;
  }
  return snapshot;
}

/** As backends read times and as Node sets them: nanoseconds round otherwise halfway between two. */
function microsecondsOf(path: Buffer): number {
  return Math.round(fs.lstatSync(path).mtimeMs * 1000);
}

function kindOf(stat: fs.BigIntStats): string {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'link';
  if (stat.isFIFO()) return 'fifo';
  return stat.isSocket() ? 'socket' : 'device';
}

/** Makes a small tree whose files all say `value`, so that a mixture of two trees shows. */
export function writeValueTree(dir: string, value: string): string {
  fs.mkdirSync(join(dir, 'sub'), { recursive: true });
  fs.writeFileSync(join(dir, 'a'), value);
  fs.writeFileSync(join(dir, 'sub', 'b'), value);
  fs.writeFileSync(join(dir, 'sub', 'c'), value);
  return dir;
}

/** The value of such a tree. @throws Error when it is torn or incomplete. */
export function readValueTree(dir: string): string {
  const values = ['a', 'sub/b', 'sub/c'].map((name) => fs.readFileSync(join(dir, name), 'utf8'));
  if (new Set(values).size !== 1) throw new Error(`a torn tree: ${JSON.stringify(values)}`);
  return values[0] ?? '';
}

/** Makes a tree with everything that must be kept on any POSIX file system. */
export function writeRichTree(dir: string): string {
  fs.mkdirSync(join(dir, 'empty'), { recursive: true, mode: 0o755 });
  fs.mkdirSync(join(dir, 'deep', 'er'), { recursive: true });
  fs.writeFileSync(join(dir, 'plain'), 'plain');
  fs.writeFileSync(join(dir, 'empty file'), '');
  fs.writeFileSync(join(dir, 'run'), '#!/bin/sh\n');
  fs.chmodSync(join(dir, 'run'), 0o755);
  fs.writeFileSync(join(dir, 'setuid'), 'x');
  fs.chmodSync(join(dir, 'setuid'), 0o6755);
  fs.writeFileSync(join(dir, 'read-only'), 'r');
  fs.chmodSync(join(dir, 'read-only'), 0o444);
  fs.writeFileSync(Buffer.concat([Buffer.from(`${dir}/not utf-8 `), Buffer.from([0xff, 0xfe, 0x80])]), 'bytes');
  fs.writeFileSync(join(dir, 'new\nline %41 "quoted"'), 'odd');
  fs.writeFileSync(join(dir, 'one'), 'linked');
  fs.linkSync(join(dir, 'one'), join(dir, 'deep', 'two'));
  fs.linkSync(join(dir, 'one'), join(dir, 'deep', 'er', 'three'));
  // Equal in all but identity: two files, not one with two names.
  fs.writeFileSync(join(dir, 'same-1'), 'same');
  fs.writeFileSync(join(dir, 'same-2'), 'same');
  fs.symlinkSync('plain', join(dir, 'relative'));
  fs.symlinkSync('/etc/passwd', join(dir, 'absolute'));
  fs.symlinkSync('../../../../outside', join(dir, 'leaving'));
  fs.symlinkSync('nowhere', join(dir, 'dangling'));
  fs.symlinkSync('.', join(dir, 'deep', 'cycle'));
  fs.symlinkSync('deep', join(dir, 'to-directory'));
  const sparse = fs.openSync(join(dir, 'sparse'), 'w');
  fs.writeSync(sparse, 'start', 0);
  fs.writeSync(sparse, 'end', 4 * 1024 * 1024);
  fs.closeSync(sparse);
  fs.writeFileSync(join(dir, 'large'), Buffer.alloc(700_001, 'large'));
  fs.chmodSync(join(dir, 'deep', 'er'), 0o1777);
  setTimes(Buffer.from(dir));
  fs.utimesSync(join(dir, 'plain'), 1_234_567_890.123456, 1_234_567_890.123456);
  fs.lutimesSync(join(dir, 'relative'), 1_500_000_000, 1_500_000_000.5);
  fs.utimesSync(join(dir, 'deep'), 1, 86_400);
  return dir;
}

/** Gives everything in a tree a time that is exact in microseconds. */
export function setTimes(path: Buffer): void {
  if (fs.lstatSync(path).isDirectory()) {
    for (const child of fs.readdirSync(path, { encoding: 'buffer' })) setTimes(Buffer.concat([path, Buffer.from('/'), child]));
  }
  fs.lutimesSync(path, 1_600_000_000, 1_600_000_000.25);
}

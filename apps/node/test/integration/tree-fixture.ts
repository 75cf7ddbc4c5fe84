import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';

/** A reproducible stream of numbers in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that do not repeat. */
function randomBytes(length: number, random: () => number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = random() * 256;
  return bytes;
}

export interface TreeShape {
  files: number;
  bytes: number;
  seed?: number;
}

/**
 * A tree like those that are published: many small files and a few large ones in nested directories, with symbolic
 * links (also dangling and to the outside), odd modes, empty directories, a hardlink group, an empty file, names that are
 * no UTF-8, and times of its own.
 */
export function makeTree(root: string, { files, bytes, seed = 1 }: TreeShape): void {
  const random = seeded(seed);
  mkdirSync(root, { recursive: true });
  const modes = [0o644, 0o600, 0o755, 0o444, 0o640, 0o700];
  const weights = Array.from({ length: files }, () => random() ** 4 + 0.01);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const directories = Array.from({ length: Math.max(1, Math.ceil(files / 40)) }, (_, index) => `${root}/dir-${index % 10}/sub-${index}`);
  for (const directory of directories) mkdirSync(directory, { recursive: true });
  for (let index = 0; index < files; index++) {
    const path = `${directories[index % directories.length]}/file-${index}.bin`;
    writeFileSync(path, randomBytes(Math.round((weights[index]! / sum) * bytes), random));
    chmodSync(path, modes[index % modes.length]!);
    utimesSync(path, 1_700_000_000 + index, 1_600_000_000.123 + index * 3.517);
  }
  mkdirSync(`${root}/links`);
  symlinkSync('../dir-0', `${root}/links/directory`);
  symlinkSync('../dir-0/sub-0/file-0.bin', `${root}/links/file`);
  symlinkSync('nowhere/at all', `${root}/links/dangling`);
  symlinkSync('/etc/passwd', `${root}/links/absolute`);
  symlinkSync(Buffer.from([0x2e, 0x2e, 0x2f, 0xff, 0xfe]), `${root}/links/bytes`);
  for (const name of ['first', 'second', 'third']) mkdirSync(`${root}/empty/${name}`, { recursive: true });
  writeFileSync(`${root}/linked`, 'one file with three names');
  linkSync(`${root}/linked`, `${root}/empty/../links/linked-too`);
  linkSync(`${root}/linked`, `${root}/dir-0/linked-as-well`);
  writeFileSync(`${root}/nothing`, '');
  writeFileSync(`${root}/holes`, Buffer.alloc(100_000));
  writeFileSync(Buffer.concat([Buffer.from(`${root}/latin-`), Buffer.from([0xe9, 0xe8])]), 'no UTF-8');
  writeFileSync(`${root}/grüße 😀`, 'UTF-8');
  utimesSync(`${root}/nothing`, new Date(-5500), new Date(-1_000_000_250));
  chmodSync(`${root}/empty/second`, 0o1777);
  chmodSync(`${root}/empty/third`, 0o500);
  utimesSync(`${root}/empty/third`, 1, 1);
}

/** What two trees are compared by: type, mode, size, time in ms, content or target, and which names are one file. */
export function describeTree(root: string): Map<string, string> {
  const described = new Map<string, string>();
  const inodes = new Map<bigint, string>();
  const visit = (path: Buffer, name: Buffer): void => {
    const info = lstatSync(path, { bigint: true });
    const mode = (info.mode & 0o7777n).toString(8);
    const time = info.mtimeNs / 1_000_000n;
    const shown = name.toString('latin1');
    if (info.isDirectory()) {
      described.set(shown, `directory ${mode} ${time}`);
      for (const child of readdirSync(path, { encoding: 'buffer' }).toSorted(Buffer.compare)) {
        visit(Buffer.concat([path, Buffer.from('/'), child]), name.length === 0 ? child : Buffer.concat([name, Buffer.from('/'), child]));
      }
    } else if (info.isSymbolicLink()) described.set(shown, `link ${time} ${readlinkSync(path, { encoding: 'buffer' }).toString('latin1')}`);
    else {
      const first = inodes.get(info.ino) ?? shown;
      inodes.set(info.ino, first);
      described.set(shown, `file ${mode} ${time} ${info.size} ${createHash('sha256').update(readFileSync(path)).digest('hex')} as ${first}`);
    }
  };
  visit(Buffer.from(root), Buffer.alloc(0));
  return described;
}

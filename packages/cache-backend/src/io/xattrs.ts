import { createRequire } from 'node:module';

/** The part of `fs-native-extensions` that is used. */
interface Native {
  listAttrsSync(fd: number): string[];
  getAttrSync(fd: number, name: string): Uint8Array | null;
  setAttrSync(fd: number, name: string, value: Uint8Array): void;
}

/** Labels that the system's policy gives to a file for where it lies. */
const NOT_OURS = new Set(['security.selinux', 'security.ima', 'security.evm', 'security.SMACK64']);

let native: Native | undefined | null = null;

/** The native package, if it is installed and works here. */
function load(): Native | undefined {
  if (native !== null) return native;
  try {
    native = createRequire(import.meta.url)('fs-native-extensions') as Native;
  } catch {
    // Optional: without it the capability `xattrs` is false.
    native = undefined;
  }
  return native;
}

export type Xattrs = readonly (readonly [name: string, value: string])[];

export const NO_XATTRS: Xattrs = [];

/** Extended attributes of an open file or directory, by name. */
export function readXattrs(fd: number): Xattrs {
  const api = load();
  if (api === undefined) return NO_XATTRS;
  const names = api.listAttrsSync(fd);
  if (names.length === 0) return NO_XATTRS;
  const found: [string, string][] = [];
  for (const name of names) {
    if (NOT_OURS.has(name)) continue;
    const value = api.getAttrSync(fd, name);
    if (value !== null) found.push([Buffer.from(name, 'utf8').toString('latin1'), Buffer.from(value).toString('base64')]);
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

export function writeXattrs(fd: number, xattrs: Xattrs): void {
  const api = load();
  if (api === undefined) return;
  for (const [name, value] of xattrs) api.setAttrSync(fd, Buffer.from(name, 'latin1').toString('utf8'), Buffer.from(value, 'base64'));
}

/** Whether this file system keeps attributes, tried on an open file of the cache. */
export function canKeepXattrs(fd: number): boolean {
  try {
    const api = load();
    if (api === undefined) return false;
    api.setAttrSync(fd, 'user.p2p-cache', Buffer.from('1'));
    return api.getAttrSync(fd, 'user.p2p-cache') !== null;
  } catch {
    // ENOTSUP and its like: the file system says no.
    return false;
  }
}

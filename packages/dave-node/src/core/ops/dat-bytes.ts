import { datDigest, type Dat, type Entry } from '@p2p/dave-wire';
import { equalBytes } from '../peers/equal-bytes.ts';

/** Orders byte strings as unsigned big-endian numbers of equal length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Which of two dats of one author and key stands: positive when `a` supersedes `b`. The later time
 * wins, at equal time the greater digest; 0 means that both say the same.
 */
export function compareVersions(a: Dat, b: Dat): number {
  if (a.time !== b.time) return a.time - b.time;
  if (equalBytes(a.signature, b.signature) && equalBytes(a.value, b.value)) return 0;
  return compareBytes(datDigest(a), datDigest(b));
}

/** The first eight bytes of its signature: enough to tell apart the dats that are underway at one time. */
export function shortName(dat: Pick<Dat, 'signature'>): bigint {
  const { buffer, byteOffset } = dat.signature;
  return new DataView(buffer, byteOffset).getBigUint64(0);
}

const SALT_END = 16;
const WORK_END = 48;
const SIGNATURE_END = 112;
const PUBLIC_KEY_END = 144;

/** The entry in memory of its own: one allocation for all of its bytes. */
export function detachEntry(entry: Entry): Entry {
  const { dat } = entry;
  const bytes = new Uint8Array(PUBLIC_KEY_END + dat.value.length);
  bytes.set(dat.salt, 0);
  bytes.set(dat.work, SALT_END);
  bytes.set(dat.signature, WORK_END);
  bytes.set(dat.publicKey, SIGNATURE_END);
  bytes.set(dat.value, PUBLIC_KEY_END);
  return {
    dat: {
      time: dat.time,
      salt: bytes.subarray(0, SALT_END),
      work: bytes.subarray(SALT_END, WORK_END),
      signature: bytes.subarray(WORK_END, SIGNATURE_END),
      publicKey: bytes.subarray(SIGNATURE_END, PUBLIC_KEY_END),
      key: dat.key,
      value: bytes.subarray(PUBLIC_KEY_END),
    },
    replicas: entry.replicas,
  };
}

/** Length of a string in UTF-8; lone surrogates count as the three bytes of their replacement. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      // A pair: two units, four bytes.
      length += 2;
      at += 1;
    } else length += 2;
  }
  return length;
}

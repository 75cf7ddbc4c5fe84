import { Decoder, Encoder } from '@msgpack/msgpack';

/** Raised whenever an older reader could misunderstand a file. */
export const FORMAT_VERSION = 1;
const MAGIC = 'p2p-bootstrap-cache';
/** Peers per section: one step of work between two breaths of the event loop. */
export const PEERS_PER_SECTION = 256;

/** A checksum of `bytes` that goes on from `seed`: CRC-32 as in zlib. */
export type Checksum = (bytes: Uint8Array, seed: number) => number;

export interface FileHeader {
  readonly network: string;
  readonly savedAt: number;
  /** The largest capacity of the processes that wrote the file: what they may keep in it together. */
  readonly maxPeers: number;
  readonly peerSections: number;
  readonly peers: number;
}

/** A file whose frame is sound; its sections are not decoded yet. */
export interface FileImage {
  readonly header: FileHeader;
  readonly peerSections: readonly Uint8Array[];
  readonly tombstones: unknown;
}

export type FileReading = { readonly ok: true; readonly image: FileImage } | { readonly ok: false; readonly reason: FileDefect };

/** Why a file cannot be used. */
export type FileDefect = 'truncated' | 'corrupt' | 'future-version' | 'other-network';

// Lengths are bounded before anything is allocated: a few bytes can claim a list of four billion.
const decoder = new Decoder({ maxArrayLength: 8192, maxBinLength: 512, maxStrLength: 1024, maxMapLength: 0, maxExtLength: 0 });
const encoder = new Encoder();

export function encodeSection(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(value);
}

/** @throws RangeError | Error for bytes that are no msgpack or exceed the bounds. */
export function decodeSection(bytes: Uint8Array): unknown {
  return decoder.decode(bytes);
}

/**
 * Frames sections as a stream of msgpack values: the header, the peers and the removals each as
 * binary values that hold msgpack themselves, so that they can be taken one at a time, then the
 * checksum of all bytes before it as a 32-bit number.
 */
export function frameFile(header: FileHeader, peerSections: readonly Uint8Array[], tombstones: readonly unknown[], checksum: Checksum): Uint8Array[] {
  const head = [MAGIC, FORMAT_VERSION, header.network, header.savedAt, header.maxPeers, header.peerSections, header.peers];
  const parts: Uint8Array[] = [];
  let sum = 0;
  for (const section of [encodeSection(head), ...peerSections, encodeSection(tombstones)]) {
    const prefix = tagged(0xc6, section.length);
    parts.push(prefix, section);
    sum = checksum(section, checksum(prefix, sum));
  }
  parts.push(tagged(0xce, sum));
  return parts;
}

/** A msgpack tag with its 32-bit big-endian operand: 0xc6 is binary of that length, 0xce that number. */
function tagged(tag: number, operand: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = tag;
  new DataView(bytes.buffer).setUint32(1, operand);
  return bytes;
}

/** Takes a file's frame apart and checks its sum, version and network. Never throws because of its content. */
export function readFrame(bytes: Uint8Array, network: string, checksum: Checksum): FileReading {
  const sections = splitSections(bytes);
  if (sections === undefined || sections.length < 1) return { ok: false, reason: 'truncated' };
  const end = bytes.length - 5;
  if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(end + 1) !== checksum(bytes.subarray(0, end), 0)) return { ok: false, reason: 'corrupt' };
  try {
    const head = decodeSection(sections[0]!);
    if (!Array.isArray(head) || head[0] !== MAGIC || !Number.isSafeInteger(head[1])) return { ok: false, reason: 'corrupt' };
    if (head[1] > FORMAT_VERSION) return { ok: false, reason: 'future-version' };
    const header = readHeader(head);
    if (header === undefined || sections.length !== header.peerSections + 2) return { ok: false, reason: 'corrupt' };
    if (header.network !== network) return { ok: false, reason: 'other-network' };
    return { ok: true, image: { header, peerSections: sections.slice(1, -1), tombstones: decodeSection(sections.at(-1)!) } };
  } catch {
    // The decoder's complaint says no more than this to whoever finds the file set aside.
    return { ok: false, reason: 'corrupt' };
  }
}

function readHeader(head: unknown[]): FileHeader | undefined {
  const [, , network, savedAt, maxPeers, peerSections, peers] = head;
  if (typeof network !== 'string' || ![savedAt, maxPeers, peerSections, peers].every(Number.isSafeInteger)) return undefined;
  const header = { network, savedAt, maxPeers, peerSections, peers } as FileHeader;
  const { savedAt: at, maxPeers: max } = header;
  return at > 0 && at < 8.64e15 && max > 0 && max <= 10_000_000 ? header : undefined;
}

/** The binary values up to the five bytes of the checksum. */
function splitSections(bytes: Uint8Array): Uint8Array[] | undefined {
  const end = bytes.length - 5;
  if (end < 0 || bytes[end] !== 0xce) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections: Uint8Array[] = [];
  let at = 0;
  while (at < end) {
    if (at + 5 > end || bytes[at] !== 0xc6) return undefined;
    const length = view.getUint32(at + 1);
    if (length > end - at - 5) return undefined;
    sections.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return sections;
}

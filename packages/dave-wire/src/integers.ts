/* Little-endian integers. The bytes must exist: callers check lengths and ranges first. */

export function readU16(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8);
}

export function writeU16(value: number, target: Uint8Array, offset: number): void {
  target[offset] = value;
  target[offset + 1] = value >> 8;
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return (readU16(bytes, offset) | (readU16(bytes, offset + 2) << 16)) >>> 0;
}

export function writeU32(value: number, target: Uint8Array, offset: number): void {
  writeU16(value, target, offset);
  writeU16(value >> 16, target, offset + 2);
}

/*
 * Unaligned little-endian u64 without an allocation beside the bigint itself. One DataView over a
 * scratch buffer is shared: a DataView per packet costs more than all of its integers together.
 */
const scratch = new Uint8Array(40);
const scratchView = new DataView(scratch.buffer);
/** Only compared with zero, which is the same in any byte order. */
const scratchWords = new Uint32Array(scratch.buffer);
const firstU64 = scratch.subarray(0, 8);

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** The bytes must exist: callers check lengths first. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  for (let index = 0; index < 8; index += 1) scratch[index] = bytes[offset + index]!;
  return scratchView.getBigUint64(0, true);
}

/** `value` must be in range (`isU64`): it is taken modulo 2⁶⁴. */
export function writeU64(value: bigint, target: Uint8Array, offset: number): void {
  scratchView.setBigUint64(0, value, true);
  target.set(firstU64, offset);
}

export function isU64(value: bigint): boolean {
  return value >= 0n && value <= U64_MAX;
}

/**
 * Five u64. Zeros at the end are left out, zeros between ids stay: their places are part of the
 * bytes, and an entry read from a Go node must encode to the same bytes again.
 */
export function readReplicas(bytes: Uint8Array, offset: number): bigint[] {
  for (let index = 0; index < 40; index += 1) scratch[index] = bytes[offset + index]!;
  let count = 5;
  while (count > 0 && scratchWords[2 * count - 1] === 0 && scratchWords[2 * count - 2] === 0) count -= 1;
  // A dat usually has all five, and a literal is allocated at its size.
  if (count === 5) return [replica(0), replica(1), replica(2), replica(3), replica(4)];
  const replicas: bigint[] = [];
  for (let index = 0; index < count; index += 1) replicas.push(replica(index));
  return replicas;
}

function replica(index: number): bigint {
  return scratchView.getBigUint64(index * 8, true);
}

/** At most five values, all in range: callers check. */
export function writeReplicas(replicas: readonly bigint[], target: Uint8Array, offset: number): void {
  for (let index = 0; index < 5; index += 1) scratchView.setBigUint64(index * 8, index < replicas.length ? replicas[index]! : 0n, true);
  target.set(scratch, offset);
}

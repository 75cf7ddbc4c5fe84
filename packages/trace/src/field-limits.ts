const U32_MAX = 0xffff_ffff;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** A number as near to `value` as the field can hold. */
export function clampUint(value: unknown, max: number): number {
  if (typeof value === 'bigint') return value > BigInt(max) ? max : Math.max(0, Number(value));
  if (typeof value !== 'number' || !(value > 0)) return 0;
  return value > max ? max : Math.floor(value);
}

export function clampU32(value: unknown): number {
  return clampUint(value, U32_MAX);
}

/** A u64 as near to `value` as can be. */
export function clampU64(value: unknown): bigint {
  if (typeof value === 'bigint') return value < 0n ? 0n : value > U64_MAX ? U64_MAX : value;
  if (typeof value !== 'number' || !(value > 0)) return 0n;
  return value >= 2 ** 64 ? U64_MAX : BigInt(Math.floor(value));
}

/** Whether a u32 field holds exactly what was given. */
export function isU32(value: unknown): boolean {
  return typeof value === 'number' && value >>> 0 === value;
}

/** Whether a u16 field holds exactly what was given. */
export function isU16(value: unknown): boolean {
  return typeof value === 'number' && (value & 0xffff) === value;
}

/** Whether a u64 field holds exactly what was given. */
export function isU64(value: number | bigint): boolean {
  // The first test is for speed: most are small.
  if (typeof value === 'number') return value >>> 0 === value || (Number.isSafeInteger(value) && value >= 0);
  return typeof value === 'bigint' && value >= 0n && value <= U64_MAX;
}

/** The two words of a value that `isU64`. */
export function lowWord(value: number | bigint): number {
  return typeof value === 'number' ? value | 0 : Number(BigInt.asIntN(32, value));
}

export function highWord(value: number | bigint): number {
  if (typeof value !== 'number') return Number(BigInt.asIntN(32, value >> 32n));
  return value <= U32_MAX ? 0 : (value / 4_294_967_296) | 0;
}

/** Unix µs in either direction: beyond this neighbours are not told apart, and nanoseconds are no u64. */
const TIME_LIMIT_US = Number.MAX_SAFE_INTEGER;

/** Whether an event can have this time. */
export function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= TIME_LIMIT_US;
}

/** The time nearest to `value`; `otherwise` where it is no number. */
export function nearestTime(value: unknown, otherwise: number): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return otherwise;
  return Math.max(-TIME_LIMIT_US, Math.min(TIME_LIMIT_US, value));
}

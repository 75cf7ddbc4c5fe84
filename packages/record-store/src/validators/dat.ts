import { equalBytes } from '../core/bytes.ts';
import { INVALID, type Validator, type Verdict } from './validator.ts';

/** What the rule for dats has to know of an entry. */
export interface DatView {
  /** publicKey ‖ key in UTF-8: what the record must be filed under. */
  readonly recordKey: Uint8Array;
  /** Time of the dat, Unix ms, 0 to 2⁵³ - 1. */
  readonly timeMs: number;
  /** Decides between dats of one time: up to 56 bytes, the greater wins. */
  readonly digest: Uint8Array;
}

/** Options of `dat`. */
export interface DatOptions {
  /** The entry in a value; undefined when it is none. */
  read(value: Uint8Array): DatView | undefined;
  /** Work and signature of an entry that `read` took. Left out where they were verified before. */
  verify?: ((value: Uint8Array) => boolean | Promise<boolean>) | undefined;
}

/** Dave's dats: filed under publicKey ‖ key, the newer time wins, at the same time the greater digest. */
export function dat({ read, verify }: DatOptions): Validator {
  return {
    validate: ({ key, value }) => {
      const entry = read(value);
      if (entry === undefined || !equalBytes(entry.recordKey, key)) return INVALID;
      const rank = datRank(entry.timeMs, entry.digest);
      const verdict = (isValid: boolean): Verdict => (isValid ? { valid: true, rank } : INVALID);
      const isValid = verify?.(value) ?? true;
      return isValid instanceof Promise ? isValid.then(verdict) : verdict(isValid);
    },
  };
}

/** Time as 8 big-endian bytes, then the digest. */
export function datRank(timeMs: number, digest: Uint8Array): Uint8Array {
  const rank = new Uint8Array(8 + digest.length);
  new DataView(rank.buffer).setBigUint64(0, BigInt(timeMs));
  rank.set(digest, 8);
  return rank;
}

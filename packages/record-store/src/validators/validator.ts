import type { RejectReason, ValueRecord } from '../types.ts';

/** What a namespace thinks of a record. */
export type Verdict =
  | {
      readonly valid: true;
      /**
       * Orders the versions of a key byte by byte: a greater one replaces a smaller one, an equal one is a
       * refresh when the value is the same and a `conflict` when not. Absent: the last put wins. Up to 64 bytes.
       */
      readonly rank?: Uint8Array | undefined;
    }
  | { readonly valid: false; readonly reason: Extract<RejectReason, 'invalid' | 'too-large' | 'expired'> };

/** The rule of a namespace: which records it takes (validation) and which of two wins (selection, by rank). */
export interface Validator {
  /** Must not keep or change the bytes; may be asked twice of the same record. What it throws reaches the caller of `put`. */
  validate(record: ValueRecord, now: number): Verdict | Promise<Verdict>;
}

/** Which rule holds for which keys. */
export interface Validators {
  /** For keys that no namespace claims. */
  readonly default: Validator;
  /** By the text that keys start with, such as `/pk/`; the longest that fits holds. */
  readonly namespaces?: Readonly<Record<string, Validator>> | undefined;
}

export const INVALID: Verdict = Object.freeze({ valid: false, reason: 'invalid' });
export const VALID: Verdict = Object.freeze({ valid: true });
export const MAX_RANK_BYTES: number = 64;

/** The rank of a sequence number or a time: 8 bytes, big-endian. `seq` from 0 to 2⁶⁴ - 1. */
export function seqRank(seq: bigint | number): Uint8Array {
  const value = BigInt(seq);
  if (value < 0n || value >= 1n << 64n) throw new TypeError(`a sequence number is from 0 to 2⁶⁴ - 1, got ${value}`);
  const rank = new Uint8Array(8);
  new DataView(rank.buffer).setBigUint64(0, value);
  return rank;
}

/** Takes every record; the last put wins, but others do not overwrite what is local. For trusted writers and for tests. */
export function acceptAny(): Validator {
  return { validate: () => VALID };
}

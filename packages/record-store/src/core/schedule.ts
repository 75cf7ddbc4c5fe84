import { RecordStoreError } from '../errors.ts';
import { MAX_ID_BYTES, MAX_KEY_BYTES } from '../limits.ts';
import type { ResumeToken } from '../types.ts';
import { bytesText, compareBytes } from './bytes.ts';
import { keyedHash, type HashKey } from './full-key/keyed-hash.ts';
import { fromHex, toHex } from './hex.ts';
import type { StoredMeta } from './stored.ts';

/** Why something is sent again. */
export type DueKind = 'publish' | 'replicate' | 'provide';

/** A place in the schedule: by time, then by kind, then by key. A provider is always this node. */
export interface DueAt {
  readonly dueMs: number;
  readonly kind: DueKind;
  readonly key: Uint8Array;
}

/** In the order of their letters in a token. */
const KINDS: readonly DueKind[] = ['publish', 'replicate', 'provide'];
const LETTERS = 'pra';

export function compareDue(one: DueAt, other: DueAt): number {
  if (one.dueMs !== other.dueMs) return one.dueMs - other.dueMs;
  if (one.kind !== other.kind) return KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind);
  return compareBytes(one.key, other.key);
}

/** Spreads keys over the interval, the same way after every restart and another way on every node. */
export class Schedule {
  readonly #salt: HashKey;
  readonly #intervals: Readonly<Record<DueKind, number>>;

  constructor(localId: Uint8Array, intervals: { publishMs: number; replicateMs: number; provideMs: number }) {
    const id = bytesText(localId);
    this.#salt = [keyedHash([0, 1], id), keyedHash([1, 0], id)];
    this.#intervals = { publish: intervals.publishMs, replicate: intervals.replicateMs, provide: intervals.provideMs };
  }

  /** When this entry was last due at or before `before`; undefined when it need not be sent since it was put then or later. */
  lastDue(kind: DueKind, key: Uint8Array, entry: StoredMeta, before: number): number | undefined {
    const interval = this.#intervals[kind];
    const phase = Math.floor((keyedHash(this.#salt, `${kind}:${bytesText(key)}`) / 0x1_0000_0000) * interval);
    const dueMs = phase + Math.floor((before - phase) / interval) * interval;
    // Whoever put a record of others within the interval has sent it to the other replicas too: one of them is enough.
    const sentAt = kind === 'replicate' ? entry.storedAt + interval : entry.storedAt;
    return dueMs <= sentAt ? undefined : dueMs;
  }
}

/** A place in the schedule as text: `1-<Unix ms>-<kind>-<key in hex>`. */
export function toToken({ dueMs, kind, key }: DueAt): ResumeToken {
  return `1-${dueMs}-${LETTERS[KINDS.indexOf(kind)]}-${toHex(key)}` as ResumeToken;
}

/** @throws RecordStoreError RECORD_STORE_TOKEN for what `toToken` did not make. */
export function fromToken(token: string): DueAt {
  const parts = typeof token === 'string' && token.length <= 2 * MAX_KEY_BYTES + 2 * MAX_ID_BYTES ? /^1-(\d{1,16})-([pra])-([0-9a-f]+)$/.exec(token) : null;
  const key = parts === null ? undefined : fromHex(parts[3]!);
  const dueMs = Number(parts?.[1]);
  if (parts === null || key === undefined || key.length > MAX_KEY_BYTES || !Number.isSafeInteger(dueMs) || String(dueMs) !== parts[1]) {
    throw new RecordStoreError('RECORD_STORE_TOKEN', 'this is no resume token of a record store: leave it out to start over.');
  }
  return { dueMs, kind: KINDS[LETTERS.indexOf(parts[2]!)]!, key };
}

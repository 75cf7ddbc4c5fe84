import { fromBase64Url, toBase64Url } from './base64url.ts';
import type { BlockId } from './block.ts';
import { HASH_BYTES } from './limits.ts';

/** What is known of a block that was sent. */
export interface SentBlock {
  /** The time of its dat, Unix ms. */
  readonly time: number;
  /** Replicas that confirmed it. */
  readonly acks: number;
}

/** Hash, six bytes of time, acknowledgements, and a check byte. */
export const SENT_RECORD_BYTES: number = HASH_BYTES + 8;
const TIME_AT = HASH_BYTES;
const ACKS_AT = HASH_BYTES + 6;
const CHECK_AT = HASH_BYTES + 7;

export function encodeSentRecord(id: BlockId, { time, acks }: SentBlock): Uint8Array {
  const bytes = new Uint8Array(SENT_RECORD_BYTES);
  bytes.set(fromBase64Url(id));
  const view = new DataView(bytes.buffer);
  view.setUint32(TIME_AT, time % 2 ** 32, true);
  view.setUint16(TIME_AT + 4, Math.floor(time / 2 ** 32), true);
  bytes[ACKS_AT] = acks;
  bytes[CHECK_AT] = checkOf(bytes);
  return bytes;
}

/** All records of a journal, the last word on each block. What is damaged or cut short is left out: its block is sent again. */
export function decodeSentRecords(bytes: Uint8Array): Map<BlockId, SentBlock> {
  const sent = new Map<BlockId, SentBlock>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + SENT_RECORD_BYTES <= bytes.length; at += SENT_RECORD_BYTES) {
    const record = bytes.subarray(at, at + SENT_RECORD_BYTES);
    if (record[CHECK_AT] !== checkOf(record)) continue;
    const time = view.getUint32(at + TIME_AT, true) + view.getUint16(at + TIME_AT + 4, true) * 2 ** 32;
    sent.set(toBase64Url(record.subarray(0, HASH_BYTES)), { time, acks: record[ACKS_AT]! });
  }
  return sent;
}

/** Never 0 for zeros: a hole in the file is no record. */
function checkOf(record: Uint8Array): number {
  let sum = 0xa5;
  for (let at = 0; at < CHECK_AT; at++) sum = (sum * 31 + record[at]!) & 255;
  return sum;
}

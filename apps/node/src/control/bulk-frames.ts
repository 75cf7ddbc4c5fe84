import { decodeDat, encodeDat, encodeUtf8 } from '@p2p/dave-wire';
import type { BulkRead, BulkWritten } from '../client/bulk.ts';

/** What is said over the control socket about many dats: frames as on TCP, answered in any order by frames that begin with the place of the question. */
const INDEX_BYTES = 4;
const FOUND = 1;
const NOT_FOUND = 0;
const FAILED = 2;
/** A failure is cut to what a frame can hold. */
const MAX_FAILURE_CHARACTERS = 200;

/** A failure that the daemon reports about one dat. */
export interface BulkFailure {
  code: string;
  message: string;
}

function answerFrame(index: number, status: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(INDEX_BYTES + 1 + body.length);
  new DataView(frame.buffer).setUint32(0, index, true);
  frame[INDEX_BYTES] = status;
  frame.set(body, INDEX_BYTES + 1);
  return frame;
}

export function encodeWritten(index: number, { acks, replicas }: BulkWritten): Uint8Array {
  return answerFrame(index, FOUND, Uint8Array.of(acks, replicas));
}

export function encodeRead(index: number, read: BulkRead): Uint8Array {
  return read.found ? answerFrame(index, FOUND, encodeDat(read.dat)) : answerFrame(index, NOT_FOUND, Uint8Array.of(read.asked, read.answered));
}

export function encodeFailure(index: number, { code, message }: BulkFailure): Uint8Array {
  return answerFrame(index, FAILED, encodeUtf8(JSON.stringify({ code, message: message.slice(0, MAX_FAILURE_CHARACTERS).toWellFormed() })));
}

/** An answer taken apart: which question it is to, and what it says or why there is nothing to say. */
export interface Answer {
  index: number;
  failure: BulkFailure | undefined;
  found: boolean;
  body: Uint8Array;
}

/** @throws Error where it is no answer */
export function decodeAnswer(frame: Uint8Array): Answer {
  if (frame.length <= INDEX_BYTES) throw new Error('the daemon sent a frame that is no answer');
  const body = frame.subarray(INDEX_BYTES + 1);
  const status = frame[INDEX_BYTES];
  return {
    index: new DataView(frame.buffer, frame.byteOffset).getUint32(0, true),
    failure: status === FAILED ? (JSON.parse(new TextDecoder().decode(body)) as BulkFailure) : undefined,
    found: status === FOUND,
    body,
  };
}

export function decodeWritten({ body }: Answer): BulkWritten {
  return { acks: body[0] ?? 0, replicas: body[1] ?? 0 };
}

export function decodeRead({ found, body }: Answer): BulkRead {
  return found ? { found: true, dat: decodeDat(body) } : { found: false, asked: body[0] ?? 0, answered: body[1] ?? 0 };
}

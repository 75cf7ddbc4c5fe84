import type { PeerIdRef, TraceIdRef } from '@p2p/trace-noop';
import { CutPeer, LiveContext, LivePeer } from './live-context.ts';
import { fromHex, toHex, wordAt } from './text-bytes.ts';

const TRACE_ID_BYTES = 16;
const PEER_ID_BYTES = 32;

/** An id in the forms that searching needs. */
export interface SearchedId {
  readonly words: Int32Array;
  readonly hex: string;
}

/** All zero: events have it where they belong to no trace, or involve no peer, so it finds none. */
export function isNone({ words }: SearchedId): boolean {
  return words.every((word) => word === 0);
}

function searched(bytes: Uint8Array, length: number): SearchedId {
  const words = new Int32Array(length / 4);
  for (let word = 0; word < words.length; word += 1) words[word] = wordAt(bytes, word * 4);
  return { words, hex: toHex(bytes).padEnd(length * 2, '0') };
}

/** @throws {TypeError} It is no trace id. */
export function searchedTrace(id: TraceIdRef): SearchedId {
  if (id instanceof LiveContext) return searched(id.traceId, TRACE_ID_BYTES);
  const bytes = typeof id === 'string' ? fromHex(id) : id;
  if (!(bytes instanceof Uint8Array) || bytes.length !== TRACE_ID_BYTES) throw new TypeError('A trace id is 16 bytes, 32 hex digits or a context.');
  return searched(bytes, TRACE_ID_BYTES);
}

/** @throws {TypeError} It is no id of a peer or node. */
export function searchedPeer(id: PeerIdRef): SearchedId {
  if (id instanceof LivePeer || id instanceof CutPeer) return searched(id.bytes, PEER_ID_BYTES);
  const bytes = typeof id === 'string' ? fromHex(id) : id;
  if (!(bytes instanceof Uint8Array) || bytes.length > PEER_ID_BYTES) throw new TypeError('The id of a peer or node is at most 32 bytes, or 64 hex digits.');
  return searched(bytes, PEER_ID_BYTES);
}

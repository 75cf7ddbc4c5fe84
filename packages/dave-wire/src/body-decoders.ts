import { readAddrPort } from './addr-port.ts';
import { MAX_PEERS_IN_PONG } from './constants.ts';
import { readEntry } from './entry-decoder.ts';
import type { WireErrorCode } from './errors.ts';
import { readExtensions } from './extensions.ts';
import { readU16, readU64 } from './integers.ts';
import {
  ADDR_PORT_BYTES,
  CHALLENGE_BYTES,
  ENTRY_OFFSET,
  GET_MY_ADDR_PORT_ACK_BYTES,
  PING_BYTES,
  PUBLIC_KEY_BYTES,
  PUT_ACK_BYTES,
  SALT_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_PREFIX_BYTES,
  SOLUTION_BYTES,
} from './layout.ts';
import type { AddrPort, Extensions, Get, GetAck, GetMyAddrPort, GetMyAddrPortAck, Ping, Pong, Put, PutAck, PutAckCode, Solution } from './message.ts';
import { decodeUtf8 } from './utf8.ts';

/* One decoder per op. Each gets the whole message, op byte included, at most MAX_PACKET bytes of it. */

function view(bytes: Uint8Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + offset, length);
}

/** Adds the extension block behind `bodySize` bytes, if there is one. */
function withExtensions<M extends { extensions?: Extensions }>(message: M, bytes: Uint8Array, bodySize: number): M {
  if (bytes.length === bodySize) return message;
  const extensions = readExtensions(bytes, bodySize);
  if (extensions !== undefined) message.extensions = extensions;
  return message;
}

/** i64 claims: a negative one is somebody's nonsense and counts as nothing. */
function readClaim(bytes: Uint8Array, offset: number): bigint {
  return bytes[offset + 7]! >= 0x80 ? 0n : readU64(bytes, offset);
}

export function readPing(bytes: Uint8Array): Ping | WireErrorCode {
  if (bytes.length < PING_BYTES) return 'WIRE_TRUNCATED';
  const usedSpace = readClaim(bytes, 1 + CHALLENGE_BYTES);
  const capacity = readClaim(bytes, 1 + CHALLENGE_BYTES + 8);
  const ping: Ping = { op: 'ping', challenge: view(bytes, 1, CHALLENGE_BYTES), usedSpace, capacity };
  return withExtensions(ping, bytes, PING_BYTES);
}

function readSolution(bytes: Uint8Array, offset: number): Solution {
  const salt = offset + CHALLENGE_BYTES;
  const publicKey = salt + SALT_BYTES;
  return {
    challenge: view(bytes, offset, CHALLENGE_BYTES),
    salt: view(bytes, salt, SALT_BYTES),
    publicKey: view(bytes, publicKey, PUBLIC_KEY_BYTES),
    signature: view(bytes, publicKey + PUBLIC_KEY_BYTES, SIGNATURE_BYTES),
  };
}

/** Nothing may follow a PONG: a Go node takes the solution from its end. */
export function readPong(bytes: Uint8Array): Pong | WireErrorCode {
  if (bytes.length < 2) return 'WIRE_TRUNCATED';
  const addrsLength = bytes[1]!;
  if (addrsLength % ADDR_PORT_BYTES !== 0 || addrsLength > MAX_PEERS_IN_PONG * ADDR_PORT_BYTES) return 'WIRE_BAD_LENGTH';
  const solutionOffset = 2 + addrsLength;
  if (bytes.length < solutionOffset + SOLUTION_BYTES) return 'WIRE_TRUNCATED';
  if (bytes.length > solutionOffset + SOLUTION_BYTES) return 'WIRE_BAD_LENGTH';
  const addrPorts: AddrPort[] = [];
  for (let offset = 2; offset < solutionOffset; offset += ADDR_PORT_BYTES) addrPorts.push(readAddrPort(bytes, offset));
  return { op: 'pong', solution: readSolution(bytes, solutionOffset), addrPorts };
}

export function readPut(bytes: Uint8Array): Put | WireErrorCode {
  if (bytes.length < ENTRY_OFFSET) return 'WIRE_TRUNCATED';
  const end = ENTRY_OFFSET + readU16(bytes, 1);
  if (end > bytes.length) return 'WIRE_TRUNCATED';
  const entry = readEntry(bytes, ENTRY_OFFSET, end, 'plain');
  // The message is whole, so a prefix too small for the layout disagrees with the bytes.
  if (typeof entry === 'string') return entry === 'WIRE_TRUNCATED' ? 'WIRE_BAD_LENGTH' : entry;
  return withExtensions<Put>({ op: 'put', entry }, bytes, end);
}

export function readGetAck(bytes: Uint8Array): GetAck | WireErrorCode {
  if (bytes.length < ENTRY_OFFSET) return 'WIRE_TRUNCATED';
  const end = ENTRY_OFFSET + readU16(bytes, 1);
  if (end > bytes.length) return 'WIRE_TRUNCATED';
  const entry = readEntry(bytes, ENTRY_OFFSET, end, 'not-found-has-no-time');
  if (typeof entry === 'string') return entry === 'WIRE_TRUNCATED' ? 'WIRE_BAD_LENGTH' : entry;
  return withExtensions<GetAck>({ op: 'get-ack', entry }, bytes, end);
}

export function readPutAck(bytes: Uint8Array): PutAck | WireErrorCode {
  if (bytes.length < PUT_ACK_BYTES) return 'WIRE_TRUNCATED';
  const code = bytes[PUT_ACK_BYTES - 1]!;
  if (code > 5) return 'WIRE_BAD_VALUE';
  const ack: PutAck = {
    op: 'put-ack',
    storeKey: readU64(bytes, 1),
    signaturePrefix: view(bytes, 9, SIGNATURE_PREFIX_BYTES),
    code: code as PutAckCode,
  };
  return withExtensions(ack, bytes, PUT_ACK_BYTES);
}

export function readGet(bytes: Uint8Array): Get | WireErrorCode {
  const keyStart = 1 + PUBLIC_KEY_BYTES + 1;
  if (bytes.length < keyStart) return 'WIRE_TRUNCATED';
  const keyEnd = keyStart + bytes[keyStart - 1]!;
  if (keyEnd > bytes.length) return 'WIRE_TRUNCATED';
  const key = decodeUtf8(bytes, keyStart, keyEnd);
  if (key === undefined) return 'WIRE_NOT_UTF8';
  return withExtensions<Get>({ op: 'get', publicKey: view(bytes, 1, PUBLIC_KEY_BYTES), key }, bytes, keyEnd);
}

export function readGetMyAddrPort(bytes: Uint8Array): GetMyAddrPort {
  return withExtensions<GetMyAddrPort>({ op: 'get-my-addr-port' }, bytes, 1);
}

export function readGetMyAddrPortAck(bytes: Uint8Array): GetMyAddrPortAck | WireErrorCode {
  if (bytes.length < GET_MY_ADDR_PORT_ACK_BYTES) return 'WIRE_TRUNCATED';
  const ack: GetMyAddrPortAck = { op: 'get-my-addr-port-ack', addrPort: readAddrPort(bytes, 1) };
  return withExtensions(ack, bytes, GET_MY_ADDR_PORT_ACK_BYTES);
}

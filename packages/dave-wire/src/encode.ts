import { writeAddrPort } from './addr-port.ts';
import { MAX_PACKET } from './constants.ts';
import { isNotFound } from './entry.ts';
import { writeEntry } from './entry-encoder.ts';
import { WireError } from './errors.ts';
import { extensionsSize, writeExtensions } from './extensions-encoder.ts';
import { requireBytes, requireU64, requireUint } from './field-checks.ts';
import { writeU16, writeU64 } from './integers.ts';
import {
  ADDR_PORT_BYTES,
  CHALLENGE_BYTES,
  ENTRY_OFFSET,
  ENTRY_OVERHEAD,
  OP_GET,
  OP_GET_ACK,
  OP_GET_MY_ADDR_PORT,
  OP_GET_MY_ADDR_PORT_ACK,
  OP_PING,
  OP_PONG,
  OP_PUT,
  OP_PUT_ACK,
  PUBLIC_KEY_BYTES,
  SALT_BYTES,
  SIGNATURE_BYTES,
  SIGNATURE_PREFIX_BYTES,
} from './layout.ts';
import type { Entry, Message, Ping, Pong, PutAck, Solution } from './message.ts';
import { bodySize, messageSize } from './message-size.ts';
import { writeUtf8 } from './utf8.ts';

const I64_MAX = 0x7fff_ffff_ffff_ffffn;
/** What a Go node writes as the time of a not-found: Go's zero time in ms, wrapped. */
const NOT_FOUND_TIME = 18_446_737_278_344_972_745n;

/**
 * Encodes a message into bytes of its own. A GET_ACK whose signature is all zero (`notFoundEntry`) gets the time
 * that a Go node writes there, whatever its own is.
 *
 * @throws WireError for what no receiver would decode: `WIRE_TOO_LONG` (key above 255 bytes, more than 12 addresses,
 * above 1424 bytes in all), `WIRE_BAD_LENGTH` (a fixed-length field of another length), `WIRE_BAD_VALUE` (a number or
 * address out of range, more than five replicas), `WIRE_NOT_UTF8` (lone surrogate in the key). TypeError for fields of
 * another JavaScript type, and for an unknown op. Only replicas are not checked, they are taken modulo 2⁶⁴: comparing
 * five bigints would cost a fifth of the encoding.
 *
 * @example
 * socket.send(encodeMessage({ op: 'get', publicKey, key: 'greeting', extensions: { requestId: 7n } }), port, address);
 */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(messageSize(message));
  encodeMessageInto(message, bytes);
  return bytes;
}

/**
 * Encodes a message into `target` at `offset` (default 0) and returns the number of bytes written. Allocates nothing.
 * What is behind them in `target` stays as it was. After an error, the bytes from `offset` on, as many as a message can
 * have, are undefined.
 *
 * @throws WireError and TypeError as `encodeMessage`; TypeError if `target` has no room for the message (`messageSize`) at `offset`.
 */
export function encodeMessageInto(message: Message, target: Uint8Array, offset = 0): number {
  if (!Number.isInteger(offset) || offset < 0) throw new TypeError(`offset is ${offset}: pass an integer from 0 on.`);
  const body = writeBody(message, target, offset);
  if (message.op === 'pong' || message.extensions === undefined) return body;
  const block = extensionsSize(message.extensions, body);
  requireRoom(body + block, target, offset);
  writeExtensions(message.extensions, body, block, target, offset + body);
  return body + block;
}

/** @throws TypeError unless `size` bytes fit at `offset`. */
function requireRoom(size: number, target: Uint8Array, offset: number): void {
  if (offset + size > target.length) throw new TypeError(`The message takes ${size} bytes: a target of ${target.length} has no room for it at ${offset}.`);
}

/** Writes the message without its extension block and returns how many bytes that took. */
function writeBody(message: Message, target: Uint8Array, offset: number): number {
  if (message.op === 'put') return writeEntryMessage(OP_PUT, message.entry, target, offset);
  if (message.op === 'get-ack') {
    const size = writeEntryMessage(OP_GET_ACK, message.entry, target, offset);
    if (isNotFound(message.entry)) writeU64(NOT_FOUND_TIME, target, offset + ENTRY_OFFSET + ENTRY_OVERHEAD);
    return size;
  }
  const size = bodySize(message);
  requireRoom(size, target, offset);
  switch (message.op) {
    case 'ping':
      writePing(message, target, offset);
      break;
    case 'pong':
      writePong(message, target, offset);
      break;
    case 'put-ack':
      writePutAck(message, target, offset);
      break;
    case 'get':
      requireBytes(message.publicKey, PUBLIC_KEY_BYTES, 'publicKey');
      target[offset] = OP_GET;
      target.set(message.publicKey, offset + 1);
      target[offset + 1 + PUBLIC_KEY_BYTES] = size - PUBLIC_KEY_BYTES - 2;
      writeUtf8(message.key, target, offset + PUBLIC_KEY_BYTES + 2);
      break;
    case 'get-my-addr-port':
      target[offset] = OP_GET_MY_ADDR_PORT;
      break;
    case 'get-my-addr-port-ack':
      target[offset] = OP_GET_MY_ADDR_PORT_ACK;
      writeAddrPort(message.addrPort, target, offset + 1);
  }
  return size;
}

function writeEntryMessage(op: number, entry: Entry, target: Uint8Array, offset: number): number {
  const entryStart = offset + ENTRY_OFFSET;
  const end = writeEntry(entry, MAX_PACKET - ENTRY_OFFSET, target, entryStart);
  target[offset] = op;
  writeU16(end - entryStart, target, offset + 1);
  return end - offset;
}

function writePing(ping: Ping, target: Uint8Array, offset: number): void {
  requireBytes(ping.challenge, CHALLENGE_BYTES, 'challenge');
  requireClaim(ping.usedSpace, 'usedSpace');
  requireClaim(ping.capacity, 'capacity');
  target[offset] = OP_PING;
  target.set(ping.challenge, offset + 1);
  writeU64(ping.usedSpace, target, offset + 1 + CHALLENGE_BYTES);
  writeU64(ping.capacity, target, offset + 1 + CHALLENGE_BYTES + 8);
}

function requireClaim(claim: bigint, name: string): void {
  requireU64(claim, name);
  if (claim > I64_MAX) throw new WireError('WIRE_BAD_VALUE', `${name} is ${claim}: pass 0 to 2^63 - 1.`);
}

function writePong(pong: Pong, target: Uint8Array, offset: number): void {
  const { addrPorts } = pong;
  target[offset] = OP_PONG;
  target[offset + 1] = addrPorts.length * ADDR_PORT_BYTES;
  let position = offset + 2;
  for (let index = 0; index < addrPorts.length; index += 1) {
    writeAddrPort(addrPorts[index]!, target, position);
    position += ADDR_PORT_BYTES;
  }
  writeSolution(pong.solution, target, position);
}

function writeSolution(solution: Solution, target: Uint8Array, offset: number): void {
  const { challenge, salt, publicKey, signature } = solution;
  requireBytes(challenge, CHALLENGE_BYTES, 'challenge');
  requireBytes(salt, SALT_BYTES, 'salt');
  requireBytes(publicKey, PUBLIC_KEY_BYTES, 'publicKey');
  requireBytes(signature, SIGNATURE_BYTES, 'signature');
  target.set(challenge, offset);
  target.set(salt, offset + CHALLENGE_BYTES);
  target.set(publicKey, offset + CHALLENGE_BYTES + SALT_BYTES);
  target.set(signature, offset + CHALLENGE_BYTES + SALT_BYTES + PUBLIC_KEY_BYTES);
}

function writePutAck(ack: PutAck, target: Uint8Array, offset: number): void {
  requireU64(ack.storeKey, 'storeKey');
  requireBytes(ack.signaturePrefix, SIGNATURE_PREFIX_BYTES, 'signaturePrefix');
  requireUint(ack.code, 5, 'code');
  target[offset] = OP_PUT_ACK;
  writeU64(ack.storeKey, target, offset + 1);
  target.set(ack.signaturePrefix, offset + 9);
  target[offset + 17] = ack.code;
}

import {
  readGet,
  readGetAck,
  readGetMyAddrPort,
  readGetMyAddrPortAck,
  readPing,
  readPong,
  readPut,
  readPutAck,
} from './body-decoders.ts';
import { MAX_PACKET } from './constants.ts';
import { decodeFailure } from './decode-failure.ts';
import type { WireErrorCode } from './errors.ts';
import {
  OP_GET,
  OP_GET_ACK,
  OP_GET_MY_ADDR_PORT,
  OP_GET_MY_ADDR_PORT_ACK,
  OP_PING,
  OP_PONG,
  OP_PUT,
  OP_PUT_ACK,
} from './layout.ts';
import type { Message } from './message.ts';

/**
 * Decodes one packet or frame, or returns why it is none. Total: for any bytes it gives a message or a code, throws
 * nothing, reads nothing outside `bytes` and allocates nothing larger than them. Meant for the packet path, where a
 * refusal is ordinary and an exception would cost more than the decoding.
 *
 * Every Uint8Array in the message is a view into `bytes`: use `copyMessage` before the buffer is used again.
 * Bytes behind the message are its extension block (see `Extensions`); a malformed block, and bytes that are none,
 * are ignored as a whole.
 *
 * Codes: `WIRE_EMPTY` (no bytes), `WIRE_TOO_LONG` (above 1424), `WIRE_UNKNOWN_OP`, `WIRE_TRUNCATED`, `WIRE_BAD_LENGTH`
 * (length prefixes that disagree with the body, bytes behind a PONG), `WIRE_BAD_VALUE` (a time above 2⁵³ − 1 except in a
 * not-found, a PUT_ACK code above 5), `WIRE_NOT_UTF8` (key).
 *
 * @example
 * const message = tryDecodeMessage(packet);
 * if (typeof message === 'string') refused.inc({ code: message });
 * else if (message.op === 'get') answer(message.publicKey, message.key);
 */
export function tryDecodeMessage(bytes: Uint8Array): Message | WireErrorCode {
  if (bytes.length === 0) return 'WIRE_EMPTY';
  if (bytes.length > MAX_PACKET) return 'WIRE_TOO_LONG';
  switch (bytes[0]) {
    case OP_PING:
      return readPing(bytes);
    case OP_PONG:
      return readPong(bytes);
    case OP_PUT:
      return readPut(bytes);
    case OP_PUT_ACK:
      return readPutAck(bytes);
    case OP_GET:
      return readGet(bytes);
    case OP_GET_ACK:
      return readGetAck(bytes);
    case OP_GET_MY_ADDR_PORT:
      return readGetMyAddrPort(bytes);
    case OP_GET_MY_ADDR_PORT_ACK:
      return readGetMyAddrPortAck(bytes);
    default:
      return 'WIRE_UNKNOWN_OP';
  }
}

/**
 * `tryDecodeMessage` that throws. Its fields are views into `bytes`, too.
 *
 * @throws WireError with the code that `tryDecodeMessage` returns, and nothing else.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const message = tryDecodeMessage(bytes);
  if (typeof message === 'string') throw decodeFailure(message);
  return message;
}

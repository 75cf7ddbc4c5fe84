import { MAX_PACKET, MAX_PEERS_IN_PONG } from './constants.ts';
import { entrySize } from './entry-encoder.ts';
import { WireError } from './errors.ts';
import { extensionsSize } from './extensions-encoder.ts';
import { requireKey } from './field-checks.ts';
import {
  ADDR_PORT_BYTES,
  ENTRY_OFFSET,
  GET_MY_ADDR_PORT_ACK_BYTES,
  PING_BYTES,
  PUBLIC_KEY_BYTES,
  PUT_ACK_BYTES,
  SOLUTION_BYTES,
} from './layout.ts';
import type { Message } from './message.ts';

/* Apart from bodySize, so that it stays small enough to be inlined. */
function tooManyAddresses(count: number): WireError {
  return new WireError('WIRE_TOO_LONG', `The pong names ${count} addresses: pass at most ${MAX_PEERS_IN_PONG}.`);
}

function messageTooLong(size: number): WireError {
  return new WireError('WIRE_TOO_LONG', `The message takes ${size} bytes: shorten key and value to fit into ${MAX_PACKET}.`);
}

function unknownOp(message: { op: unknown }): TypeError {
  return new TypeError(`There is no message with op ${JSON.stringify(message.op)}.`);
}

/** Bytes of the message without its extension block, at most MAX_PACKET. @throws as `messageSize`. */
export function bodySize(message: Message): number {
  switch (message.op) {
    case 'ping':
      return PING_BYTES;
    case 'pong': {
      const count = message.addrPorts.length;
      if (count > MAX_PEERS_IN_PONG) throw tooManyAddresses(count);
      return 2 + count * ADDR_PORT_BYTES + SOLUTION_BYTES;
    }
    case 'put':
    case 'get-ack': {
      const size = ENTRY_OFFSET + entrySize(message.entry);
      if (size > MAX_PACKET) throw messageTooLong(size);
      return size;
    }
    case 'put-ack':
      return PUT_ACK_BYTES;
    case 'get':
      return 1 + PUBLIC_KEY_BYTES + 1 + requireKey(message.key);
    case 'get-my-addr-port':
      return 1;
    case 'get-my-addr-port-ack':
      return GET_MY_ADDR_PORT_ACK_BYTES;
    default:
      throw unknownOp(message);
  }
}

/**
 * The exact number of bytes that `encodeMessage` gives, without encoding: between 1 and 1424.
 *
 * @throws WireError `WIRE_TOO_LONG` (key above 255 bytes, more than 12 addresses, above 1424 bytes), `WIRE_NOT_UTF8`
 * (lone surrogate in the key), `WIRE_BAD_VALUE` (padToBytes). Fields that do not change the size are not looked at.
 */
export function messageSize(message: Message): number {
  const size = bodySize(message);
  return message.op === 'pong' ? size : size + extensionsSize(message.extensions, size);
}

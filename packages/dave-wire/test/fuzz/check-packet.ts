import { isDeepStrictEqual } from 'node:util';
import { encodeMessageInto, messageSize, tryDecodeMessage, type Message, type WireErrorCode } from '../../src/api.ts';

const CODES: ReadonlySet<string> = new Set<WireErrorCode>([
  'WIRE_EMPTY',
  'WIRE_TRUNCATED',
  'WIRE_UNKNOWN_OP',
  'WIRE_BAD_LENGTH',
  'WIRE_TOO_LONG',
  'WIRE_BAD_VALUE',
  'WIRE_NOT_UTF8',
]);

const encoded = new Uint8Array(1424);

/** A packet for which the codec broke a promise. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/**
 * Decodes `bytes` and checks what the codec promises for any input: a message or a code, views that lie inside, an
 * encoding that is no longer and decodes to the same message. Returns the op or the code.
 */
export function checkPacket(bytes: Uint8Array): string {
  const result = decode(bytes);
  if (typeof result === 'string') {
    if (!CODES.has(result)) throw new Violation(`unknown code ${result}`);
    return result;
  }
  for (const view of viewsOf(result)) {
    const start = view.byteOffset - bytes.byteOffset;
    if (view.buffer !== bytes.buffer || start < 0 || start + view.length > bytes.length) throw new Violation('a field lies outside the packet');
  }
  const size = encodeMessageInto(result, encoded);
  if (size > bytes.length) throw new Violation(`${bytes.length} bytes became ${size}`);
  if (size !== messageSize(result)) throw new Violation(`messageSize says ${messageSize(result)}, encoded are ${size}`);
  const again = decode(encoded.subarray(0, size));
  if (!isDeepStrictEqual(again, result)) throw new Violation('the encoded message decodes to another one');
  return result.op;
}

function decode(bytes: Uint8Array): Message | WireErrorCode {
  try {
    return tryDecodeMessage(bytes);
  } catch (cause) {
    throw new Violation('tryDecodeMessage threw', { cause });
  }
}

/** Every Uint8Array in a message, however deep. */
export function* viewsOf(value: unknown): Generator<Uint8Array> {
  if (value instanceof Uint8Array) yield value;
  else if (typeof value === 'object' && value !== null) for (const field of Object.values(value)) yield* viewsOf(field);
}

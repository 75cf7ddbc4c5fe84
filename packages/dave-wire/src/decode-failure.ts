import { MAX_PACKET } from './constants.ts';
import { WireError, type WireErrorCode } from './errors.ts';

const ADVICE: Readonly<Record<WireErrorCode, string>> = {
  WIRE_EMPTY: 'There are no bytes: drop the packet, or close the connection that framed it.',
  WIRE_TRUNCATED: 'The bytes end before the layout does: drop them, part of the message is missing.',
  WIRE_UNKNOWN_OP: 'The op byte is not one of 0 to 7: drop the message, it is of another protocol or a later version.',
  WIRE_BAD_LENGTH: 'A length prefix disagrees with the bytes: drop them, they were not written by a correct encoder.',
  WIRE_TOO_LONG: `The bytes are longer than ${MAX_PACKET}, the largest message: drop them.`,
  WIRE_BAD_VALUE: 'A field holds a value outside its range (a time above 2^53 - 1, an acknowledgement code above 5): drop the message.',
  WIRE_NOT_UTF8: 'The key is not well-formed UTF-8: drop the message.',
};

/** The error that throwing decoders raise for a code. */
export function decodeFailure(code: WireErrorCode): WireError {
  return new WireError(code, ADVICE[code]);
}

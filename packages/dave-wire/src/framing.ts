import { MAX_PACKET } from './constants.ts';
import { WireError, type WireErrorCode } from './errors.ts';
import { readU16, writeU16 } from './integers.ts';

const PREFIX_BYTES = 2;

/**
 * A message as it travels on TCP: its length as u16, then its bytes, copied.
 *
 * @throws WireError `WIRE_EMPTY` for no bytes (a zero length crashes a Go node), `WIRE_TOO_LONG` above 1424.
 */
export function encodeFrame(message: Uint8Array): Uint8Array {
  const refusal = lengthRefusal(message.length);
  if (refusal !== undefined) throw frameError(refusal, message.length);
  const frame = new Uint8Array(PREFIX_BYTES + message.length);
  writeU16(message.length, frame, 0);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

function lengthRefusal(length: number): WireErrorCode | undefined {
  if (length === 0) return 'WIRE_EMPTY';
  return length > MAX_PACKET ? 'WIRE_TOO_LONG' : undefined;
}

function frameError(code: WireErrorCode, length: number): WireError {
  return new WireError(code, `A frame of ${length} bytes: close the connection, a message has 1 to ${MAX_PACKET}.`);
}

/**
 * Takes a TCP stream apart into messages, however it was cut into chunks. Holds at most one unfinished frame
 * (1426 bytes), whatever the peer sends. After a bad length the stream has no more frame boundaries: the decoder
 * stays in error.
 *
 * @example
 * const decoder = new FrameDecoder();
 * for await (const chunk of socket) {
 *   for (const bytes of decoder.push(chunk)) handle(tryDecodeMessage(bytes));
 * }
 */
export class FrameDecoder {
  /** The beginning of a frame that the last chunk cut off, prefix included. Made when first needed. */
  #partial: Uint8Array | undefined;
  #partialLength = 0;
  #failure: WireError | undefined;

  /** Bytes of an unfinished frame: not 0 at the end of a stream means that the stream was cut off. */
  get pendingBytes(): number {
    return this.#partialLength;
  }

  /**
   * The messages (1 to 1424 bytes each) that `chunk` completes, in order. The chunk is taken in at the call, whether
   * or not the result is iterated. Messages that lie within the chunk are views into it, the one that began in an
   * earlier chunk has bytes of its own.
   *
   * @throws WireError `WIRE_EMPTY` for a length of 0, `WIRE_TOO_LONG` for one above 1424: by the iteration, behind the
   * messages before the bad length, and by every later call at once. Close the connection.
   */
  push(chunk: Uint8Array): Iterable<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const messages: Uint8Array[] = [];
    let offset = this.#partialLength === 0 ? 0 : this.#complete(chunk, messages);
    while (this.#failure === undefined && chunk.length - offset >= PREFIX_BYTES) {
      const length = readU16(chunk, offset);
      if (this.#refuse(length)) break;
      const end = offset + PREFIX_BYTES + length;
      if (end > chunk.length) break;
      messages.push(new Uint8Array(chunk.buffer, chunk.byteOffset + offset + PREFIX_BYTES, length));
      offset = end;
    }
    if (this.#failure === undefined) this.#keep(chunk, offset, chunk.length);
    return this.#failure === undefined ? messages : failAfter(messages, this.#failure);
  }

  /** Continues the frame that an earlier chunk began; returns how far into `chunk` that went. */
  #complete(chunk: Uint8Array, messages: Uint8Array[]): number {
    let offset = 0;
    if (this.#partialLength < PREFIX_BYTES) {
      offset = Math.min(PREFIX_BYTES - this.#partialLength, chunk.length);
      this.#keep(chunk, 0, offset);
      if (this.#partialLength < PREFIX_BYTES) return offset;
    }
    const partial = this.#partial!;
    const length = readU16(partial, 0);
    if (this.#refuse(length)) return offset;
    const end = Math.min(offset + PREFIX_BYTES + length - this.#partialLength, chunk.length);
    this.#keep(chunk, offset, end);
    if (this.#partialLength === PREFIX_BYTES + length) {
      messages.push(partial.slice(PREFIX_BYTES, PREFIX_BYTES + length));
      this.#partialLength = 0;
    }
    return end;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#partial ??= new Uint8Array(PREFIX_BYTES + MAX_PACKET);
    this.#partial.set(chunk.subarray(start, end), this.#partialLength);
    this.#partialLength += end - start;
  }

  #refuse(length: number): boolean {
    const code = lengthRefusal(length);
    if (code === undefined) return false;
    this.#failure = frameError(code, length);
    this.#partial = undefined;
    this.#partialLength = 0;
    return true;
  }
}

function* failAfter(messages: readonly Uint8Array[], failure: WireError): Generator<Uint8Array> {
  yield* messages;
  throw failure;
}

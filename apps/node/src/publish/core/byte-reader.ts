import { PublishError, type PublishErrorCode } from './publish-error.ts';

/** Reads what `ByteWriter` writes and refuses everything else, saying where. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  readonly #code: PublishErrorCode;
  #at = 0;

  /** @param what is being read, for messages; `code` is the refusal of what is cut short. */
  constructor(bytes: Uint8Array, what: string, code: PublishErrorCode) {
    this.#bytes = bytes;
    this.#what = what;
    this.#code = code;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A refusal at the place that was read last. */
  refuse(message: string, code: PublishErrorCode = this.#code): PublishError {
    return new PublishError(code, `${this.#what}, byte ${this.#at}: ${message}`, { details: { offset: this.#at } });
  }

  byte(): number {
    if (this.left < 1) throw this.refuse('it ends too early');
    return this.#bytes[this.#at++]!;
  }

  /** A view into what is read. */
  bytes(count: number): Uint8Array {
    if (this.left < count) throw this.refuse('it ends too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** A whole number of at most `most`, in as few bytes as it can have. */
  varint(most: number, name: string): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; ; count++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > Number.MAX_SAFE_INTEGER || count >= 8) throw this.refuse(`${name} is above 2^53 - 1`);
      if (byte < 128) {
        if (byte === 0 && count > 0) throw this.refuse(`${name} has more bytes than it needs`, 'PUBLISH_NOT_CANONICAL');
        break;
      }
      scale *= 128;
    }
    if (value > most) throw this.refuse(`${name} is ${value}, at most ${most} is allowed`, 'PUBLISH_TOO_LARGE');
    return value;
  }

  /** A number of either sign, no farther from 0 than `most`. */
  signed(most: number, name: string): number {
    const value = this.varint(2 * most, name);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Length, then bytes: a view. */
  text(most: number, name: string): Uint8Array {
    return this.bytes(this.varint(most, `the length of ${name}`));
  }

  end(): void {
    if (this.left > 0) throw this.refuse(`${this.left} bytes follow its end`);
  }
}

import { PUBLIC_KEY_BYTES } from './record-layout.ts';
import { SipHash } from './sip-hash.ts';

const MAX_KEY_BYTES = 255;
const encoder = new TextEncoder();

/** Turns what entries are found by into bytes and keyed hashes, without allocating. Each call overwrites the results of the last one of its kind. */
export class LookupHash {
  /** public key ‖ key in UTF-8 of the last `key` call, `length` bytes of it. */
  readonly bytes: Uint8Array = new Uint8Array(PUBLIC_KEY_BYTES + MAX_KEY_BYTES);
  readonly view: DataView = new DataView(this.bytes.buffer);
  length = 0;
  /** Of the last `key` call: 0 to 255, and 32 bits independent of it. */
  shard = 0;
  tag = 0;
  /** The same of the last `signature` call. */
  signatureShard = 0;
  signatureTag = 0;
  readonly #keyPart: Uint8Array = this.bytes.subarray(PUBLIC_KEY_BYTES);
  readonly #signaturePart: DataView = new DataView(new ArrayBuffer(16));
  readonly #hash: SipHash;

  constructor(secret: Uint8Array) {
    this.#hash = new SipHash(secret);
  }

  /** Hashes (publicKey, key). False: no entry can have this key, since UTF-8 cannot carry it or it is too long. */
  key(publicKey: Uint8Array, key: string): boolean {
    if (publicKey.length !== PUBLIC_KEY_BYTES) throw new TypeError(`publicKey has ${publicKey.length} bytes: pass ${PUBLIC_KEY_BYTES}.`);
    const keyBytes = this.#encode(key);
    if (keyBytes < 0) return false;
    this.bytes.set(publicKey);
    this.length = PUBLIC_KEY_BYTES + keyBytes;
    this.#hash.hash(this.view, 0, this.length);
    this.shard = this.#hash.high >>> 24;
    this.tag = this.#hash.low;
    return true;
  }

  /**
   * Hashes the 64-byte signature that starts at `offset`: eight bytes of each half. Whoever signs
   * chooses the first half, but not eight bytes of the second.
   */
  signature(bytes: Uint8Array, offset: number): void {
    const part = this.#signaturePart;
    for (let at = 0; at < 8; at++) {
      part.setUint8(at, bytes[offset + at]!);
      part.setUint8(at + 8, bytes[offset + 32 + at]!);
    }
    this.#hash.hash(part, 0, 16);
    this.signatureShard = this.#hash.high >>> 24;
    this.signatureTag = this.#hash.low;
  }

  #encode(key: string): number {
    const { length } = key;
    if (length > MAX_KEY_BYTES) return -1;
    const target = this.#keyPart;
    for (let at = 0; at < length; at++) {
      const unit = key.charCodeAt(at);
      if (unit >= 0x80) return this.#encodeUnicode(key);
      target[at] = unit;
    }
    return length;
  }

  #encodeUnicode(key: string): number {
    // encodeInto would replace lone surrogates, and so find another key's entry.
    if (!key.isWellFormed()) return -1;
    const { read, written } = encoder.encodeInto(key, this.#keyPart);
    return read === key.length ? written : -1;
  }
}

import type { Dat } from '@p2p/dave-wire';

/** Dats that one thread can be given at a time: some 60 ms of work, 1.5 MiB. A power of two. */
export const RING_SLOTS = 1024;
/** A dat judged by the thread gets its place in `VERDICTS` plus one; 0 is none yet. */
export const VERDICT_FAILED = 255;

/** Words of the control block. Indices into the ring only grow, wrapping at 2³². */
export const PUBLISHED = 0;
export const DONE = 1;
/** 1 while the thread sleeps on PUBLISHED. */
export const SLEEPING = 2;
/** 1 from the message that something is done until the owner has looked. */
export const WAKE_POSTED = 3;

const CONTROL_BYTES = 64;
/** A dat of the largest packet, behind the slot's header. */
const SLOT_BYTES = 1536;
const HEADER_BYTES = 24;
const SALT_AT = HEADER_BYTES;
const WORK_AT = SALT_AT + 16;
const SIGNATURE_AT = WORK_AT + 32;
const PUBLIC_KEY_AT = SIGNATURE_AT + 64;
const KEY_AT = PUBLIC_KEY_AT + 32;
const MOST_KEY_BYTES = 255;
const MOST_VALUE_BYTES = SLOT_BYTES - KEY_AT - MOST_KEY_BYTES;

export const RING_BYTES: number = CONTROL_BYTES + RING_SLOTS + RING_SLOTS * SLOT_BYTES;

/**
 * Memory that a node and one verifying thread share: the node writes dats into slots, the thread
 * writes verdicts. One writer on each side, so two counters are all the coordination there is.
 */
export class VerifyRing {
  readonly control: Int32Array;
  readonly verdicts: Uint8Array;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** The reader's copy of a slot: signature backends are native code that may refuse shared memory. */
  readonly #copy: Buffer = Buffer.from(new ArrayBuffer(SLOT_BYTES));
  readonly #copyView: DataView = new DataView(this.#copy.buffer);
  readonly #fields = {
    salt: this.#field(SALT_AT, 16),
    work: this.#field(WORK_AT, 32),
    signature: this.#field(SIGNATURE_AT, 64),
    publicKey: this.#field(PUBLIC_KEY_AT, 32),
  };

  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, CONTROL_BYTES / 4);
    this.verdicts = new Uint8Array(memory, CONTROL_BYTES, RING_SLOTS);
    this.#bytes = Buffer.from(memory, CONTROL_BYTES + RING_SLOTS);
    this.#view = new DataView(memory, CONTROL_BYTES + RING_SLOTS);
  }

  /** Whether a dat has the shape of a slot. What has not is either malformed, hence cheap to judge, or does not occur in packets. */
  static fits(dat: Dat): boolean {
    return (
      dat.salt.length === 16 &&
      dat.work.length === 32 &&
      dat.signature.length === 64 &&
      dat.publicKey.length === 32 &&
      dat.value.length <= MOST_VALUE_BYTES &&
      dat.key.length <= MOST_KEY_BYTES &&
      dat.key.isWellFormed() &&
      Buffer.byteLength(dat.key) <= MOST_KEY_BYTES
    );
  }

  /** Writes a dat that fits into the slot of `index`. */
  write(index: number, dat: Dat, nowMs: number): void {
    const at = (index & (RING_SLOTS - 1)) * SLOT_BYTES;
    const bytes = this.#bytes;
    const keyBytes = bytes.write(dat.key, at + KEY_AT, MOST_KEY_BYTES, 'utf8');
    this.#view.setFloat64(at, dat.time);
    this.#view.setFloat64(at + 8, nowMs);
    this.#view.setUint16(at + 16, keyBytes);
    this.#view.setUint16(at + 18, dat.value.length);
    bytes.set(dat.salt, at + SALT_AT);
    bytes.set(dat.work, at + WORK_AT);
    bytes.set(dat.signature, at + SIGNATURE_AT);
    bytes.set(dat.publicKey, at + PUBLIC_KEY_AT);
    bytes.set(dat.value, at + KEY_AT + keyBytes);
    this.verdicts[index & (RING_SLOTS - 1)] = 0;
  }

  /** Reads the slot of `index`. The dat's bytes are overwritten by the next read. */
  read(index: number): { dat: Dat; nowMs: number } {
    const at = (index & (RING_SLOTS - 1)) * SLOT_BYTES;
    const keyBytes = this.#view.getUint16(at + 16);
    const valueAt = KEY_AT + keyBytes;
    const end = valueAt + this.#view.getUint16(at + 18);
    const copy = this.#copy;
    copy.set(this.#bytes.subarray(at, at + end));
    return {
      nowMs: this.#copyView.getFloat64(8),
      dat: {
        ...this.#fields,
        time: this.#copyView.getFloat64(0),
        key: copy.toString('utf8', KEY_AT, valueAt),
        value: copy.subarray(valueAt, end),
      },
    };
  }

  #field(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#copy.buffer, at, length);
  }
}

import { encodeMessageInto, MAX_PACKET, type Message } from '@p2p/dave-wire';
import type { Socket } from 'node:net';

const BATCH_BYTES = 32 * 1024;
const PREFIX_BYTES = 2;
/** Buffers kept for the next batch; more exist only while the socket still holds them. */
const MOST_KEPT = 4;

/**
 * Frames gathered into writes of up to 32 KiB: one system call for some 150 dats. A batch is written
 * when it is full and at the end of the loop's turn.
 */
export class WriteBatch {
  readonly #socket: Socket;
  readonly #onWritten: () => void;
  readonly #kept: Uint8Array[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #used = 0;
  #scheduled: NodeJS.Immediate | undefined;

  /** `onWritten` is called whenever the system has taken a batch. */
  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Bytes handed in and not yet taken by the system. */
  get pendingBytes(): number {
    return this.#used + this.#socket.writableLength;
  }

  /** Adds one frame. @throws WireError when the message cannot be encoded; nothing is written of it then. */
  push(message: Message): void {
    if (this.#used + PREFIX_BYTES + MAX_PACKET > this.#bytes.length) {
      this.flush();
      this.#bytes = this.#kept.pop() ?? new Uint8Array(BATCH_BYTES);
    }
    const at = this.#used;
    const length = encodeMessageInto(message, this.#bytes, at + PREFIX_BYTES);
    this.#bytes[at] = length;
    this.#bytes[at + 1] = length >> 8;
    this.#used = at + PREFIX_BYTES + length;
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  /** Writes what was gathered. */
  flush(): void {
    this.cancel();
    if (this.#used === 0) return;
    const bytes = this.#bytes;
    const batch = bytes.subarray(0, this.#used);
    this.#bytes = new Uint8Array(0);
    this.#used = 0;
    this.#socket.write(batch, () => {
      if (this.#kept.length < MOST_KEPT) this.#kept.push(bytes);
      this.#onWritten();
    });
  }

  /** Stops the pending flush: the connection is gone. */
  cancel(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }
}

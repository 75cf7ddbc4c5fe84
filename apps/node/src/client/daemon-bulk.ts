import { encodeDat, encodeUtf8 } from '@p2p/dave-wire';
import { decodeRead, decodeWritten } from '../control/bulk-frames.ts';
import type { BulkClient, BulkReader, BulkWriter } from './bulk.ts';
import { FrameExchange } from './frame-exchange.ts';

const hex = (publicKey: Uint8Array): string => Buffer.from(publicKey).toString('hex');

/** Many dats through the control socket. */
export class DaemonBulk implements BulkClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  openWriter(publicKey: Uint8Array, { signal }: { signal: AbortSignal }): BulkWriter {
    const exchange = new FrameExchange(this.#socketPath, `/v1/bulk/write/${hex(publicKey)}`, signal);
    return {
      write: async (dat) => decodeWritten(await exchange.ask(encodeDat(dat))),
      [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
    };
  }

  openReader(publicKey: Uint8Array, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): BulkReader {
    const exchange = new FrameExchange(this.#socketPath, `/v1/bulk/read/${hex(publicKey)}?timeoutMs=${timeoutMs}`, signal);
    return {
      read: async (key) => decodeRead(await exchange.ask(encodeUtf8(key))),
      [Symbol.asyncDispose]: () => exchange[Symbol.asyncDispose](),
    };
  }
}

import { DaveNode, type DaveNodeOptions } from '@p2p/dave-node';
import { createDat, formatAddrPort, generateKeyPair, type Dat } from '@p2p/dave-wire';
import { seriesValue, type GoBatch } from './go-node.ts';

/** Enough for every test here, whatever shards its keys fall into. */
const SHARD_CAPACITY_BYTES = 16 * 1024 * 1024;
/** Dats signed and proven at the same time. */
const AHEAD = 64;
/** Accounted for an entry beside its key and value. */
const ENTRY_OVERHEAD = 224;

/**
 * One of our nodes on a free pair of loopback ports. Closing it fails if something failed in its
 * background: no test that ends with `await using` can miss that.
 */
export class DavePeer implements AsyncDisposable {
  readonly node: DaveNode;
  readonly privateKey: Uint8Array;
  /** `[IPv6]:port` of UDP; TCP is the next port. */
  readonly address: string;
  readonly #errors: Error[] = [];

  private constructor(node: DaveNode, privateKey: Uint8Array) {
    this.node = node;
    this.privateKey = privateKey;
    this.address = formatAddrPort(node.listenAddress);
    node.on('error', ({ error }) => this.#errors.push(error));
  }

  /** Opens a node with these options, and a random key where none is given. */
  static async open(options: Partial<DaveNodeOptions> = {}): Promise<DavePeer> {
    const privateKey = options.privateKey ?? generateKeyPair().privateKey;
    const node = await DaveNode.open({ listen: '[::1]:0', shardCapacityBytes: SHARD_CAPACITY_BYTES, ...options, privateKey });
    return new DavePeer(node, privateKey);
  }

  async close(): Promise<void> {
    await this.node.close();
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, 'something failed in the background of a node');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The dats of a batch as the Go program would write them, signed by `privateKey`. */
export async function* seriesDats(privateKey: Uint8Array, batch: Pick<GoBatch, 'count' | 'prefix' | 'valueSize'>): AsyncGenerator<Dat> {
  const { count, prefix, valueSize } = batch;
  for (let from = 0; from < count; from += AHEAD) {
    const making = Array.from({ length: Math.min(AHEAD, count - from) }, (_, i) => {
      const key = `${prefix}${from + i}`;
      return createDat({ privateKey, key, value: seriesValue(key, valueSize) });
    });
    yield* await Promise.all(making);
  }
}

/** What Go and we account for the dats of a batch. */
export function seriesBytes(batch: Pick<GoBatch, 'count' | 'prefix' | 'valueSize'>): number {
  const { count, prefix, valueSize } = batch;
  let bytes = count * (ENTRY_OVERHEAD + valueSize);
  for (let index = 0; index < count; index += 1) bytes += Buffer.byteLength(`${prefix}${index}`);
  return bytes;
}


import type { DaveNode, GetOptions } from '@p2p/dave-node';
import { FANOUT, generateKeyPair, type Dat } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { codeOf } from '../cli/app-error.ts';
import { composeNode, createLogger } from '../compose.ts';
import type { Config } from '../config/schema.ts';
import { idToHex } from '../control/dat-json.ts';
import { placedOf, refusalOf } from '../control/placed.ts';
import { beginTrace, showTrace } from '../trace/shown-trace.ts';
import type { BulkClient, BulkReader, BulkWriter } from './bulk.ts';
import { ClientError, type Client, type Found, type Placed, type ReadOptions, type WriteOptions } from './client.ts';
import { nodeReader, nodeWriter } from './node-bulk.ts';

/** A command does not live long enough for the pace of a daemon: peers that are no edges count after five PINGs. */
const PING_MS = 250;
/** How long to wait for more peers once one is there. */
const MORE_PEERS_MS = 3000;

/** A client node for one command. */
export class ShortLivedClient implements Client, BulkClient {
  readonly #node: DaveNode;

  private constructor(node: DaveNode) {
    this.#node = node;
  }

  /** Joins as far as it gets in time: with five peers a value finds its replicas in a small network. */
  static async open(config: Config, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<ShortLivedClient> {
    const node = await composeNode(config, {
      // An identity of its own: under the author's key it would displace the author's daemon from the tables of its peers.
      keyPair: generateKeyPair(),
      mode: 'client',
      listen: '[::]:0',
      pingMs: PING_MS,
      signal,
      // It only speaks up when something is wrong.
      logger: createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel),
    });
    try {
      await node.waitForActivePeers(1, { timeoutMs, signal });
      await node.waitForActivePeers(FANOUT, { timeoutMs: Math.min(MORE_PEERS_MS, timeoutMs), signal }).catch((error: unknown) => {
        // A smaller network is no failure.
        if (codeOf(error) !== 'NODE_TIMEOUT' && codeOf(error) !== 'NODE_NO_PEERS') throw error;
      });
      return new ShortLivedClient(node);
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  async put(dat: Dat, options: WriteOptions): Promise<Placed> {
    try {
      return placedOf(await this.#node.putDat(dat, options));
    } catch (error) {
      const { code, message, details } = refusalOf(error);
      if (code === undefined) throw error;
      throw new ClientError(code, message, { details, cause: error });
    }
  }

  async get(publicKey: Uint8Array, key: string, { mode, timeoutMs, signal, trace }: ReadOptions): Promise<Found> {
    const options: GetOptions = { mode, timeoutMs, signal };
    if (TRACE && trace) options.trace = beginTrace(this.#node);
    const result = await this.#node.get(publicKey, key, options);
    const found: Found = result.found
      ? {
          found: true,
          dat: result.entry.dat,
          replicas: result.entry.replicas.map(idToHex),
          source: typeof result.source === 'bigint' ? idToHex(result.source) : result.source,
        }
      : result;
    if (TRACE && options.trace !== undefined) found.trace = showTrace(this.#node, options.trace);
    return found;
  }

  /** The dats are of the command's own making. */
  openWriter(publicKey: Uint8Array, { signal }: { signal: AbortSignal }): BulkWriter {
    return nodeWriter(this.#node, publicKey, { signal, trusted: true });
  }

  openReader(publicKey: Uint8Array, options: { timeoutMs: number; signal: AbortSignal }): BulkReader {
    return nodeReader(this.#node, publicKey, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#node.close();
  }
}

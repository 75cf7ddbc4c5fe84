import { GoProcess, type GoExit } from './go-process.ts';
import { buildGoProgram, goAvailability } from './go-program.ts';

/** How to start a node of the Go implementation. */
export interface GoNodeOptions {
  /** 32 bytes; random when absent. */
  readonly seed?: Uint8Array;
  /** `[IPv6]:port`; TCP listens on port + 1. Default `[::1]:0`, a free pair of ports. */
  readonly listen?: string;
  /** `ip:port` of nodes to join. */
  readonly edges?: readonly string[];
  /** Bytes; the Go node takes it for its whole store, whatever the name says. Default 1 GiB. */
  readonly shardCapacity?: number;
  /** Its folder must exist. Absent: memory only. */
  readonly backupFilename?: string;
  /** What goes to {@link GoNode.stderr}. Default `error`. */
  readonly logLevel?: 'none' | 'error' | 'debug';
}

/** A stored dat as the Go node holds it. */
export interface GoEntry {
  readonly timeMs: number;
  readonly salt: Uint8Array;
  readonly work: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly key: string;
  readonly value: Uint8Array;
  readonly replicas: readonly bigint[];
}

/** An answer of the Go node's own `Get`; `reason` is its error. */
export type GoGetResult =
  | { readonly found: true; readonly entry: GoEntry; readonly elapsedMs: number }
  | { readonly found: false; readonly reason: string; readonly elapsedMs: number };

/** Numbered dats: keys `<prefix>0` … `<prefix><count - 1>`, values as {@link seriesValue}. */
export interface GoBatch {
  readonly count: number;
  readonly prefix: string;
  readonly valueSize: number;
  /** Bits of work; default 8. */
  readonly difficulty?: number;
  /** 32 bytes; default: the node's own key. */
  readonly authorSeed?: Uint8Array;
  /** A silence half way, with the connections open. */
  readonly pauseMs?: number;
}

/** What the Go node says about itself; the network's figures are sums of its peers' claims. */
export interface GoStatus {
  readonly activePeerCount: number;
  readonly usedSpace: number;
  readonly capacity: number;
  readonly networkUsedSpace: bigint;
  readonly networkCapacity: bigint;
}

interface WireEntry {
  readonly timeMs: number;
  readonly key: string;
  readonly replicas: readonly string[];
  readonly salt: string;
  readonly work: string;
  readonly signature: string;
  readonly publicKey: string;
  readonly value: string;
}

/** Beyond the deadline that the Go side keeps itself. */
const GRACE_MS = 10_000;
const WAIT_MS = 30_000;
const GET_MS = 2_000;
const WRITE_MS = 60_000;

/**
 * A node of the Go implementation in a process of its own. A crash of it rejects what is
 * outstanding with `INTEROP_CRASHED` and its panic, and so does {@link close}: no test that ends
 * with `await using` can miss one.
 */
export class GoNode implements AsyncDisposable {
  readonly publicKey: Uint8Array;
  readonly id: bigint;
  /** `[IPv6]:port` of UDP; TCP is the next port. */
  readonly address: string;
  readonly port: number;
  readonly #process: GoProcess;

  private constructor(process: GoProcess, started: { publicKey: string; id: string; listen: string }) {
    this.#process = process;
    this.publicKey = fromHex(started.publicKey);
    this.id = BigInt(`0x${started.id}`);
    this.address = started.listen;
    this.port = Number(started.listen.slice(started.listen.lastIndexOf(':') + 1));
  }

  /** Whether a Go toolchain is there to build the node with. */
  static available(): boolean {
    return goAvailability().available;
  }

  /** Builds the program, once per process; the first time on a machine this fetches Go modules. */
  static async build(): Promise<void> {
    await buildGoProgram();
  }

  /**
   * Starts a node in a new process.
   *
   * @throws InteropError `INTEROP_GO_MISSING`, `INTEROP_BUILD_FAILED`, `INTEROP_REFUSED`
   */
  static async start(options: GoNodeOptions = {}): Promise<GoNode> {
    const process = new GoProcess(await buildGoProgram());
    const { seed, ...rest } = options;
    try {
      const args = { ...rest, ...(seed === undefined ? {} : { seed: toHex(seed) }) };
      const started = await process.request('start', args, GRACE_MS);
      return new GoNode(process, started as { publicKey: string; id: string; listen: string });
    } catch (error) {
      await process.terminate();
      throw error;
    }
  }

  /** The last of what the node logged. */
  get stderr(): string {
    return this.#process.stderr;
  }

  /** Waits until the node counts that many active peers; it looks only every 3 s. */
  async waitForPeers(count: number, timeoutMs: number = WAIT_MS): Promise<{ activePeerCount: number; elapsedMs: number }> {
    const result = await this.#process.request('wait', { count, timeoutMs }, timeoutMs + GRACE_MS);
    return result as { activePeerCount: number; elapsedMs: number };
  }

  async status(): Promise<GoStatus> {
    const result = (await this.#process.request('status', {}, GRACE_MS)) as Omit<
      GoStatus,
      'networkUsedSpace' | 'networkCapacity'
    > & { networkUsedSpace: string; networkCapacity: string };
    const networkUsedSpace = BigInt(result.networkUsedSpace);
    return { ...result, networkUsedSpace, networkCapacity: BigInt(result.networkCapacity) };
  }

  /** Writes one dat with the node's BatchWriter; its `replicas` are not in the result. */
  async put(
    key: string,
    value: Uint8Array,
    options: { readonly difficulty?: number; readonly authorSeed?: Uint8Array; readonly timeMs?: number } = {},
  ): Promise<GoEntry> {
    const { authorSeed, ...rest } = options;
    const args = { key, value: Buffer.from(value).toString('base64'), ...rest, ...authorArg(authorSeed) };
    const result = (await this.#process.request('put', args, WRITE_MS)) as { entry: WireEntry };
    return readEntry(result.entry);
  }

  /** Writes numbered dats with one BatchWriter, signing and proving on all cores. */
  async batch(batch: GoBatch): Promise<{ count: number; publicKey: Uint8Array; elapsedMs: number }> {
    const { authorSeed, ...rest } = batch;
    const limitMs = WRITE_MS + (batch.pauseMs ?? 0);
    const result = (await this.#process.request('batch', { ...rest, ...authorArg(authorSeed) }, limitMs)) as {
      count: number;
      publicKey: string;
      elapsedNs: number;
    };
    return { count: result.count, publicKey: fromHex(result.publicKey), elapsedMs: result.elapsedNs / 1e6 };
  }

  /** The node's own `Get`: its store first, then the closest peers; the first valid answer wins. */
  async get(publicKey: Uint8Array, key: string, timeoutMs: number = GET_MS): Promise<GoGetResult> {
    const args = { publicKey: toHex(publicKey), key, timeoutMs };
    const result = (await this.#process.request('get', args, timeoutMs + GRACE_MS)) as {
      found: boolean;
      entry?: WireEntry;
      reason?: string;
      elapsedNs: number;
    };
    const elapsedMs = result.elapsedNs / 1e6;
    if (result.entry === undefined) return { found: false, reason: result.reason ?? 'not found', elapsedMs };
    return { found: true, entry: readEntry(result.entry), elapsedMs };
  }

  /** Gets the dats of a batch, at most 64 at once; with `valueSize` their values are compared too. */
  async getMany(query: {
    readonly publicKey: Uint8Array;
    readonly prefix: string;
    readonly count: number;
    readonly concurrency?: number;
    readonly timeoutMs?: number;
    readonly valueSize?: number;
  }): Promise<{ found: number; missing: readonly string[]; wrongValue: number; elapsedMs: number }> {
    const args = { ...query, publicKey: toHex(query.publicKey) };
    const rounds = Math.ceil(query.count / (query.concurrency ?? 16));
    const limitMs = rounds * (query.timeoutMs ?? GET_MS) + GRACE_MS;
    const result = (await this.#process.request('getMany', args, limitMs)) as {
      found: number;
      missing: readonly string[];
      wrongValue: number;
      elapsedNs: number;
    };
    const { elapsedNs, ...counts } = result;
    return { ...counts, elapsedMs: elapsedNs / 1e6 };
  }

  /** The node's own `Kill`: flushes its backup. Its sockets stay open until {@link close}. */
  async kill(): Promise<void> {
    await this.#process.request('kill', {}, 2 * GRACE_MS);
  }

  /** Waits for a crash that the test provokes. */
  waitForExit(timeoutMs: number = GRACE_MS): Promise<GoExit> {
    return this.#process.waitForExit(timeoutMs);
  }

  /** Ends the process at once. */
  terminate(): Promise<void> {
    return this.#process.terminate();
  }

  /** Kills the node and ends its process; rejects if that crashed before. */
  close(): Promise<void> {
    return this.#process.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The value of a numbered dat: its key and a bar, repeated and cut to `size` bytes. */
export function seriesValue(key: string, size: number): Uint8Array {
  const value = new Uint8Array(size);
  const unit = new TextEncoder().encode(`${key}|`);
  for (let offset = 0; offset < size; offset += unit.length) value.set(unit.subarray(0, size - offset), offset);
  return value;
}

function authorArg(seed: Uint8Array | undefined): { authorSeed?: string } {
  return seed === undefined ? {} : { authorSeed: toHex(seed) };
}

function readEntry(entry: WireEntry): GoEntry {
  return {
    timeMs: entry.timeMs,
    key: entry.key,
    salt: fromHex(entry.salt),
    work: fromHex(entry.work),
    signature: fromHex(entry.signature),
    publicKey: fromHex(entry.publicKey),
    value: new Uint8Array(Buffer.from(entry.value, 'base64')),
    replicas: entry.replicas.map((id) => BigInt(`0x${id}`)),
  };
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

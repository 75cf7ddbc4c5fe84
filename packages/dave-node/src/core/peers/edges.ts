import { type AddrPort, canonicalAddress } from '@p2p/dave-wire';
import type { Logger } from '../../env.ts';
import { addressClass, isDialable } from './address-class.ts';
import type { DiscoverySettings } from './discovery-options.ts';
import { type EdgeAddress, parseEdgeAddress } from './edge-address.ts';
import type { PeerRecord } from './peer-record.ts';
import { type Scheduled, type Timetable, scheduled } from './timetable.ts';

/** Addresses of one name that are used. */
const MAX_ADDRESSES = 16;
/** Longest wait between resolutions of a name that does not answer, in drop times. */
const MAX_BACKOFF = 5;

interface Edge {
  readonly at: EdgeAddress;
  readonly records: Map<string, PeerRecord>;
  readonly task: Scheduled;
  resolving: boolean;
  resolvedAt: number;
  /** Checks in a row that found no address of it alive. */
  vain: number;
  error: string | undefined;
}

/** What edges need of the peer table. */
export interface EdgeRecords {
  /** The record of an edge's address, made or turned into an edge, and pinged. */
  attach(address: AddrPort, publicKey: Uint8Array | undefined): PeerRecord;
  /** The address belongs to no edge any more. */
  detach(record: PeerRecord): void;
}

/** The configured peers: kept for ever, their names resolved again when they are silent and from time to time. */
export class Edges {
  readonly #edges: readonly Edge[];
  readonly #settings: DiscoverySettings;
  readonly #timetable: Timetable;
  readonly #records: EdgeRecords;
  readonly #resolve: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly #logger: Logger | undefined;
  readonly #closing = new AbortController();

  /** @throws NodeError NODE_BAD_OPTION for an edge that is no address. */
  constructor(
    settings: DiscoverySettings,
    modules: {
      timetable: Timetable;
      records: EdgeRecords;
      resolve: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
      logger: Logger | undefined;
    },
  ) {
    this.#settings = settings;
    this.#timetable = modules.timetable;
    this.#records = modules.records;
    this.#resolve = modules.resolve;
    this.#logger = modules.logger;
    this.#edges = settings.edges.map((text) => {
      const edge: Edge = {
        at: parseEdgeAddress(text),
        records: new Map(),
        task: scheduled(() => this.#check(edge)),
        resolving: false,
        resolvedAt: Number.NEGATIVE_INFINITY,
        vain: 0,
        error: undefined,
      };
      return edge;
    });
  }

  start(): void {
    for (const edge of this.#edges) {
      if (edge.at.literal === undefined) void this.#lookUp(edge);
      else this.#attach(edge, [edge.at.literal.address]);
    }
  }

  stop(): void {
    this.#closing.abort();
    for (const edge of this.#edges) this.#timetable.cancel(edge.task);
  }

  /** One sentence per edge about what came of it. */
  describe(): string {
    if (this.#edges.length === 0) return 'No edges are configured and no known peer answered: pass `edges` with the address of a running node.';
    return this.#edges.map((edge) => this.#describeOne(edge)).join(' ');
  }

  #describeOne(edge: Edge): string {
    if (edge.records.size === 0) {
      return edge.error === undefined ? `Edge ${edge.at.text} is being resolved.` : `Edge ${edge.at.text} could not be resolved (${edge.error}).`;
    }
    const states = Array.from(edge.records.values(), (record) => describeRecord(record));
    const shown = edge.at.literal === undefined ? `${edge.at.text} (${[...edge.records.keys()].join(', ')})` : edge.at.text;
    return `Edge ${shown}: ${states.join('; ')}.`;
  }

  #check(edge: Edge): void {
    const nowMs = this.#timetable.now();
    const { pingMs, dropAfter } = this.#settings.intervals;
    const freshAfter = nowMs - dropAfter * pingMs;
    const alive = Array.from(edge.records.values()).some((record) => (record.lastProofAt ?? Number.NEGATIVE_INFINITY) > freshAfter);
    edge.vain = alive ? 0 : edge.vain + 1;
    if (!alive || nowMs - edge.resolvedAt >= this.#settings.resolveMs) void this.#lookUp(edge);
    else this.#checkLater(edge);
  }

  #checkLater(edge: Edge): void {
    const { pingMs, dropAfter } = this.#settings.intervals;
    const dropMs = dropAfter * pingMs;
    // A name that was never looked at before is checked soon: its first answer may have been empty.
    const alive = edge.vain === 0 && edge.records.size > 0;
    const delayMs = alive ? dropMs : Math.min(pingMs * 2 ** Math.min(edge.vain, 20), MAX_BACKOFF * dropMs);
    this.#timetable.at(edge.task, this.#timetable.now() + delayMs);
  }

  async #lookUp(edge: Edge): Promise<void> {
    if (edge.resolving) return;
    edge.resolving = true;
    const { signal } = this.#closing;
    let addresses: readonly string[] = [];
    try {
      addresses = await this.#resolve(edge.at.host, signal);
      edge.error = addresses.length === 0 ? 'the name has no addresses' : undefined;
    } catch (error) {
      edge.error = error instanceof Error ? error.message : String(error);
    }
    edge.resolving = false;
    if (signal.aborted) return;
    if (edge.error === undefined) {
      edge.resolvedAt = this.#timetable.now();
      this.#attach(edge, addresses);
    } else {
      this.#logger?.warn('An edge could not be resolved; trying again.', { edge: edge.at.text, error: edge.error });
    }
    this.#checkLater(edge);
  }

  /** Attaches the addresses, and lets go of those that are gone from the name's records and silent. */
  #attach(edge: Edge, addresses: readonly string[]): void {
    const kept = new Set<PeerRecord>();
    for (const text of addresses.slice(0, MAX_ADDRESSES)) {
      const address = canonicalAddress(text);
      if (address === undefined) continue;
      const addrPort = { address, port: edge.at.port };
      if (!isDialable(addrPort, addressClass(address))) continue;
      const record = this.#records.attach(addrPort, edge.at.publicKey);
      edge.records.set(record.addressKey, record);
      kept.add(record);
    }
    for (const [addressKey, record] of edge.records) {
      if (kept.has(record) || record.state === 'active') continue;
      edge.records.delete(addressKey);
      if (!this.#edges.some((other) => other.records.has(addressKey))) this.#records.detach(record);
    }
  }
}

function describeRecord(record: PeerRecord): string {
  if (record.state === 'active') return 'active';
  if (record.alias !== undefined) return 'another address of a known peer or of this node';
  const pings = `${record.pingsSent} PING${record.pingsSent === 1 ? '' : 's'}`;
  if (record.lastProofMs !== undefined) return `answered earlier, is silent now after ${pings}`;
  return `never answered ${pings}`;
}

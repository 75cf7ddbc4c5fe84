import {
  ACTIVATE_AFTER,
  DEACTIVATE_AFTER,
  DROP_AFTER,
  GET_MY_ADDR_MS,
  MIN_WORK,
  PING_MS,
  REPLICATE_MS,
  TTL_MS,
} from '@p2p/dave-wire';
import type { ValueRecordStore } from '@p2p/record-store';
import type { EventLog } from '@p2p/trace';
import * as z from 'zod/mini';
import type { PeerHints } from './core/peers/peer-hints.ts';
import { MAX_SHARD_CAPACITY_BYTES } from './core/store/priority-store.ts';
import type { Clock, Logger, Random } from './env.ts';
import { NodeError } from './errors.ts';
import { describeIssue } from './option-issues.ts';
import type { Transport } from './transport.ts';
import type { Verifier } from './verifier.ts';

/** `peer` stores for others and may become a replica; `client` reads and writes, but nobody places data on it. */
export type NodeMode = 'peer' | 'client';

/** Every period of the node, in milliseconds unless the name says that it counts ping intervals. */
export interface NodeIntervals {
  /** Between two PINGs to one peer. Default 1000. */
  pingMs: number;
  /** Ping intervals of good answers before a peer that is no edge counts as active. Default 5. */
  activateAfter: number;
  /** Silent ping intervals before an active peer is inactive. Default 3. */
  deactivateAfter: number;
  /** Silent ping intervals before a peer is forgotten and its pin lapses. Default 12. */
  dropAfter: number;
  /** Between two questions for our own address. Default 600 000. */
  getMyAddrMs: number;
  /** One pass over the store that recomputes replicas. Default 600 000. */
  replicateMs: number;
  /** How much longer each further holder waits before it repairs. Default 2000. */
  replicationStaggerMs: number;
  /** One pass that removes expired entries. Default 60 000. */
  sweepMs: number;
}

/** Bounds of everything that others can make grow. */
export interface NodeLimits {
  /** Peers kept, edges not counted. Default 2048. */
  maxPeers: number;
  /** Incoming TCP connections per IP and in all: more are accepted and closed. Default 16 and 256. */
  maxConnectionsPerIp: number;
  maxConnections: number;
  /** Loopback addresses are held to no bound per IP, else a network on one machine could not form. Default true. */
  exemptLoopback: boolean;
  /** Dats that may wait for verification before UDP ones are refused and TCP ones pause. Default 4096. */
  maxPendingVerifications: number;
  /** GETs of ours in flight. Default 4096. */
  maxOutstandingGets: number;
}

/** Options of {@link DaveNode.open}. Only `privateKey` is required. */
export interface DaveNodeOptions {
  /** 32-byte ed25519 seed, see `generateKeyPair` of `@p2p/dave-wire`. */
  privateKey: Uint8Array;
  /** `host:port` of the UDP socket, IPv6 in brackets; TCP listens on port + 1; port 0 picks a free pair. Default `[::]:4127`. Hosts without IPv6 work. */
  listen?: string;
  /** Peers to start from: `host:port`, or `<publicKey hex>@host:port` to accept that key alone. */
  edges?: readonly string[];
  /** Default `peer`. */
  mode?: NodeMode;
  /** Bytes per shard, at most 252 MiB; the node holds up to 256 times as much. Default 1 MiB. */
  shardCapacityBytes?: number;
  /** Life of a dat in milliseconds. Default 365 days. */
  ttlMs?: number;
  /** Least leading zero bits of work accepted. Default 8. */
  minWork?: number;
  /** How far in the future a dat's time may be. Default 0. */
  skewMs?: number;
  /** Threads that verify; 0 verifies on the event loop. Default: as many as the machine has, at most 2. */
  verifyThreads?: number;
  /** Where dats survive a restart. Default none: memory only. */
  records?: ValueRecordStore;
  /** Peers remembered from earlier runs. */
  peerHints?: PeerHints;
  limits?: Partial<NodeLimits>;
  intervals?: Partial<NodeIntervals>;
  /** The outside world, replaced in simulations. */
  transport?: Transport;
  clock?: Clock;
  random?: Random;
  verifier?: Verifier;
  logger?: Logger;
  /**
   * Where tracing is on, this node's packets and operations are recorded here; without it, and in a build
   * without tracing, nothing is. Several nodes may share one.
   */
  traceLog?: EventLog | undefined;
  /** Aborts opening. */
  signal?: AbortSignal;
}

/** Options after parsing: every default filled in. */
export interface ResolvedOptions {
  privateKey: Uint8Array;
  listen: string;
  edges: readonly string[];
  mode: NodeMode;
  shardCapacityBytes: number;
  ttlMs: number;
  minWork: number;
  skewMs: number;
  verifyThreads: number | undefined;
  limits: NodeLimits;
  intervals: NodeIntervals;
}

const DEFAULT_SHARD_CAPACITY_BYTES = 1_048_576;
/** Longest delay that every timer implementation carries. */
const MAX_TIMER_MS = 2_147_483_647;

const wholeNumber = (least: number, most: number): z.ZodMiniNumber => z.number().check(z.int(), z.gte(least), z.lte(most));
const intervalMs = wholeNumber(1, MAX_TIMER_MS);
const pingIntervals = wholeNumber(1, 1000);

const schema = z.strictObject({
  privateKey: z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32, {
    error: 'must be a 32-byte Uint8Array (an ed25519 seed)',
  }),
  listen: z._default(z.string().check(z.minLength(1)), '[::]:4127'),
  edges: z._default(z.array(z.string().check(z.minLength(1))), []),
  mode: z._default(z.enum(['peer', 'client']), 'peer'),
  shardCapacityBytes: z._default(wholeNumber(0, MAX_SHARD_CAPACITY_BYTES), DEFAULT_SHARD_CAPACITY_BYTES),
  ttlMs: z._default(wholeNumber(1, 100 * TTL_MS), TTL_MS),
  minWork: z._default(wholeNumber(0, 256), MIN_WORK),
  skewMs: z._default(wholeNumber(0, 86_400_000), 0),
  verifyThreads: z.optional(wholeNumber(0, 64)),
  limits: z.prefault(
    z.strictObject({
      maxPeers: z._default(wholeNumber(1, 1_000_000), 2048),
      maxConnectionsPerIp: z._default(wholeNumber(1, 65_536), 16),
      maxConnections: z._default(wholeNumber(1, 65_536), 256),
      exemptLoopback: z._default(z.boolean(), true),
      maxPendingVerifications: z._default(wholeNumber(1, 1_000_000), 4096),
      maxOutstandingGets: z._default(wholeNumber(1, 1_000_000), 4096),
    }),
    {},
  ),
  intervals: z.prefault(
    z.strictObject({
      pingMs: z._default(intervalMs, PING_MS),
      activateAfter: z._default(pingIntervals, ACTIVATE_AFTER),
      deactivateAfter: z._default(pingIntervals, DEACTIVATE_AFTER),
      dropAfter: z._default(pingIntervals, DROP_AFTER),
      getMyAddrMs: z._default(intervalMs, GET_MY_ADDR_MS),
      replicateMs: z._default(intervalMs, REPLICATE_MS),
      replicationStaggerMs: z._default(wholeNumber(0, MAX_TIMER_MS), 2000),
      sweepMs: z._default(intervalMs, 60_000),
    }),
    {},
  ),
});

/** Options that are objects with a behaviour of their own, and what of it is relied on. */
const MODULES = {
  records: ['get', 'putMany', 'remove', 'records'],
  peerHints: ['pick', 'outcome'],
  transport: ['bind', 'resolve'],
  clock: ['now', 'monotonic', 'setTimer'],
  random: ['bytes', 'float'],
  verifier: ['verify', 'close'],
  logger: ['debug', 'info', 'warn', 'error'],
  traceLog: ['forNode'],
  signal: ['addEventListener', 'throwIfAborted'],
} as const satisfies Partial<Record<keyof DaveNodeOptions, readonly string[]>>;

/** One line for each module that lacks a method: found out later it would be an unhandled rejection somewhere. */
function moduleIssues(options: DaveNodeOptions): string[] {
  return Object.entries(MODULES).flatMap(([name, methods]) => {
    const module = (options as unknown as Record<string, unknown>)[name];
    if (module === undefined) return [];
    const missing = methods.filter((method) => typeof (module as Record<string, unknown> | null)?.[method] !== 'function');
    return missing.length === 0 ? [] : [`${name}: must be an object with the methods ${methods.join(', ')}; ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`];
  });
}

/**
 * Checks the options once, at the edge: the plain part whole, of modules that they have the methods that are called.
 * @throws NodeError NODE_BAD_OPTION naming the option, what it was and what it must be.
 */
export function parseOptions(options: DaveNodeOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw new NodeError('NODE_BAD_OPTION', 'DaveNode.open: needs an object of options, at least { privateKey }');
  const parsed = z.safeParse(schema, Object.fromEntries(Object.entries(options).filter(([name]) => !Object.hasOwn(MODULES, name))));
  const lines = [...(parsed.error?.issues.map((issue) => describeIssue(issue, options)) ?? []), ...moduleIssues(options)];
  if (!parsed.success || lines.length > 0) {
    throw new NodeError('NODE_BAD_OPTION', `DaveNode.open: ${lines.join('; ')}`);
  }
  const { deactivateAfter, dropAfter } = parsed.data.intervals;
  if (dropAfter <= deactivateAfter) {
    throw new NodeError(
      'NODE_BAD_OPTION',
      `DaveNode.open: intervals.dropAfter (${dropAfter}) must be greater than intervals.deactivateAfter (${deactivateAfter})`,
    );
  }
  return { verifyThreads: undefined, ...parsed.data };
}

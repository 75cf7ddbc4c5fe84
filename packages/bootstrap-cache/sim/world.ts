import { SeededRandom } from '@p2p/testkit';
import type { NatType, PeerCapabilities } from '../src/index.ts';

export const HOUR: number = 3_600_000;
export const DAY: number = 24 * HOUR;
export const DAYS = 30;
/** When every trace begins, Unix ms. */
export const START: number = Date.UTC(2026, 0, 1);
const END = START + DAYS * DAY;

/** How a kind of peer lives: share of the population, mean time online and offline, mean life. */
export interface Kind {
  readonly name: string;
  readonly share: number;
  readonly upMs: number;
  readonly downMs: number;
  readonly lifeMs: number;
  /** Probability of a public address. */
  readonly isPublic: number;
  /** Probability of offering itself as a relay. */
  readonly isRelay: number;
}

export const KINDS: readonly Kind[] = [
  { name: 'server', share: 0.04, upMs: 48 * HOUR, downMs: 2 * HOUR, lifeMs: 20 * DAY, isPublic: 0.85, isRelay: 0.4 },
  { name: 'desktop', share: 0.36, upMs: 8 * HOUR, downMs: 10 * HOUR, lifeMs: 15 * DAY, isPublic: 0.35, isRelay: 0.03 },
  { name: 'visitor', share: 0.4, upMs: 3 * HOUR, downMs: 9 * HOUR, lifeMs: 1.5 * DAY, isPublic: 0.35, isRelay: 0.03 },
  { name: 'flapping', share: 0.2, upMs: HOUR / 3, downMs: (2 * HOUR) / 3, lifeMs: 10 * DAY, isPublic: 0.5, isRelay: 0.03 },
];

/** Probability that a dial to a peer that is online works, by its translator. */
export const DIALLABLE: Readonly<Record<NatType, number>> = {
  none: 0.98,
  'full-cone': 0.95,
  'address-restricted': 0.6,
  'port-restricted': 0.4,
  symmetric: 0.08,
  unknown: 0.5,
};

/** Those of peers without a public address, each as likely. */
export const TRANSLATORS: readonly NatType[] = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'symmetric'];

/** The node whose cache it is: mean time on and off. */
const NODE_UP_MS = 4 * HOUR;
const NODE_DOWN_MS = 6 * HOUR;

/** Peers alive at any time; those that leave are replaced. */
export const POPULATION = 1200;
const GOSSIP_PER_HOUR = 20;
/** Of what gossip names, this share is long gone. */
export const STALE_GOSSIP = 0.15;
const INBOUND_PER_HOUR = 3;
const SYBILS_PER_HOUR = 200;
const SYBIL_NETWORKS = 30;
const FLOOD = { fromMs: START + 5 * DAY, toMs: START + 25 * DAY };

/** A peer of the simulated network. */
export interface SimPeer {
  readonly id: string;
  readonly address: string;
  readonly kind: string;
  readonly nat: NatType;
  readonly claims: PeerCapabilities;
  readonly rttMs: number;
  readonly bornAt: number;
  readonly diesAt: number;
  /** Times at which it goes online and offline in turn, beginning with online. */
  readonly toggles: Float64Array;
}

/** What a node hears and does, the same for every contestant. */
export type TraceEvent =
  | { readonly at: number; readonly type: 'gossip' | 'inbound'; readonly peers: readonly SimPeer[] }
  /** The node starts with no connections and wants eight. */
  | { readonly at: number; readonly type: 'start' }
  | { readonly at: number; readonly type: 'tick' };

export interface Trace {
  readonly seed: string;
  readonly seeds: readonly SimPeer[];
  readonly peers: readonly SimPeer[];
  readonly events: readonly TraceEvent[];
}

export function isOnline(peer: SimPeer, at: number): boolean {
  const { toggles } = peer;
  let low = 0;
  let high = toggles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (toggles[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

/** Whether a dial works: the same answer for every contestant that dials the same peer at the same time. */
export function dial(trace: Trace, peer: SimPeer, at: number): { ok: boolean; rttMs: number } {
  const random = new SeededRandom(`${trace.seed}/${peer.id}/${at}`);
  return { ok: isOnline(peer, at) && random.chance(DIALLABLE[peer.nat]), rttMs: peer.rttMs * (0.8 + 0.6 * random.float()) };
}

/** The clock that the node sees: it steps a day ahead, half a day back and more than a year ahead for some hours each. */
export function nodeClock(at: number): number {
  const hour = (at - START) / HOUR;
  if (hour >= 192 && hour < 195) return at + DAY;
  if (hour >= 360 && hour < 362) return at - DAY / 2;
  if (hour >= 528 && hour < 529) return at + 400 * DAY;
  return at;
}

/** What differs between scenarios. */
export interface WorldOptions {
  readonly flood: boolean;
  /**
   * How long peers stay on and off: `exponential`, or `heavy-tailed`, with the same means but Weibull-distributed
   * with shape 0.5. Stutzbach and Rejaie ("Understanding Churn in Peer-to-Peer Networks", IMC 2006) found
   * sessions of Gnutella, BitTorrent and Kad far from exponential, with Weibull shapes of 0.34 to 0.59, most
   * of them short and a few very long; half of a desktop's sessions then end within 2 hours, as half of
   * the new peers of IPFS do (ProbeLab, "RFM 2: Uptime and Churn", 2022).
   */
  readonly churn: 'exponential' | 'heavy-tailed';
  /** For how many days the node itself is off from day 12 on. */
  readonly awayDays: number;
}

export function makeTrace(seed: string, options: WorldOptions): Trace {
  const random = new SeededRandom(seed);
  const peers = makePopulation(random.fork('population'), options.churn === 'heavy-tailed' ? heavyTailed : exponential);
  const seeds = peers.filter((peer) => peer.kind === 'server' && peer.nat === 'none' && peer.bornAt === START).slice(0, 5);
  const events: TraceEvent[] = [];
  const runs = random.fork('runs');
  const talk = random.fork('talk');
  const flood = random.fork('flood');
  const sybilNetworks = Array.from({ length: SYBIL_NETWORKS }, () => `${100 + flood.integer(90)}.${flood.integer(256)}.${flood.integer(256)}`);
  // The node itself runs for some hours and is off for some, and once for days.
  const gap = { fromMs: START + 12 * DAY, toMs: START + (12 + options.awayDays) * DAY };
  let stopsAt = START;
  let startsAt = START;
  for (let at = START; at < END; at += HOUR) {
    if (at >= gap.fromMs && at < gap.toMs) {
      stopsAt = startsAt = gap.toMs;
      continue;
    }
    if (at >= startsAt) {
      events.push({ at, type: 'start' });
      stopsAt = at + Math.max(1, Math.round(exponential(runs, NODE_UP_MS) / HOUR)) * HOUR;
      startsAt = stopsAt + Math.round(exponential(runs, NODE_DOWN_MS) / HOUR) * HOUR;
    }
    if (at >= stopsAt) continue;
    events.push({ at: at + 60_000, type: 'gossip', peers: gossip(talk, peers, at) });
    const online = Array.from({ length: 4 * INBOUND_PER_HOUR }, () => talk.pick(peers)).filter((peer) => isOnline(peer, at)).slice(0, INBOUND_PER_HOUR);
    events.push({ at: at + 120_000, type: 'inbound', peers: online });
    if (options.flood && at >= FLOOD.fromMs && at < FLOOD.toMs) {
      events.push({ at: at + 180_000, type: 'gossip', peers: Array.from({ length: SYBILS_PER_HOUR }, () => sybil(flood, sybilNetworks)) });
    }
    events.push({ at: at + HOUR / 2, type: 'tick' });
  }
  return { seed, seeds, peers, events };
}

function gossip(random: SeededRandom, peers: readonly SimPeer[], at: number): SimPeer[] {
  const out: SimPeer[] = [];
  while (out.length < GOSSIP_PER_HOUR) {
    const wantsStale = at > START + DAY && random.chance(STALE_GOSSIP);
    let peer = random.pick(peers);
    while (wantsStale ? peer.diesAt > at : !isOnline(peer, at)) peer = random.pick(peers);
    out.push(peer);
  }
  return out;
}

/** Draws a span of time with this mean. */
type Spans = (random: SeededRandom, meanMs: number) => number;

function makePopulation(random: SeededRandom, spans: Spans): SimPeer[] {
  const peers: SimPeer[] = [];
  for (const kind of KINDS) {
    for (let place = 0; place < POPULATION * kind.share; place++) {
      // One peer after the other takes the place, so that the number alive stays the same.
      for (let bornAt = START; bornAt < END; ) {
        const peer = makePeer(random, spans, kind, bornAt, peers.length);
        peers.push(peer);
        bornAt = peer.diesAt;
      }
    }
  }
  return random.shuffled(peers);
}

function makePeer(random: SeededRandom, spans: Spans, kind: Kind, bornAt: number, index: number): SimPeer {
  const nat = random.chance(kind.isPublic) ? 'none' : random.pick(TRANSLATORS);
  const diesAt = bornAt + Math.max(HOUR / 2, exponential(random, kind.lifeMs));
  const toggles: number[] = [];
  for (let at = bornAt; at < Math.min(diesAt, END); ) {
    const offAt = Math.min(diesAt, at + spans(random, kind.upMs));
    toggles.push(at, offAt);
    at = offAt + spans(random, kind.downMs);
  }
  return {
    id: `peer-${index}`,
    address: `${1 + random.integer(98)}.${random.integer(256)}.${random.integer(256)}.${random.integer(256)}:4127`,
    kind: kind.name,
    nat,
    claims: { natType: random.chance(0.7) ? nat : 'unknown', relay: random.chance(kind.isRelay) },
    rttMs: 15 + exponential(random, 90),
    bornAt,
    diesAt,
    toggles: Float64Array.from(toggles),
  };
}

/** An id that nobody has, at an address where nobody answers, which claims to be a relay without translator. */
function sybil(random: SeededRandom, networks: readonly string[]): SimPeer {
  return {
    id: `sybil-${random.uint32().toString(16)}-${random.uint32().toString(16)}`,
    address: `${random.pick(networks)}.${random.integer(256)}:${1024 + random.integer(60_000)}`,
    kind: 'sybil',
    nat: 'none',
    claims: { natType: 'none', relay: true, coordination: true, dualStack: true },
    rttMs: 1,
    bornAt: START,
    diesAt: END,
    toggles: new Float64Array(0),
  };
}

function exponential(random: SeededRandom, mean: number): number {
  return -Math.log(1 - random.float()) * mean;
}

/** Weibull with shape 0.5: the square of an exponential; its mean is twice its scale. */
function heavyTailed(random: SeededRandom, mean: number): number {
  return (Math.log(1 - random.float()) ** 2 * mean) / 2;
}

import type { SeededRandom } from '@p2p/testkit';
import type { Contestant } from './contestant.ts';
import { DAY, DIALLABLE, KINDS, POPULATION, type SimPeer, STALE_GOSSIP, START, TRANSLATORS } from './world.ts';

const NATS = ['none', ...new Set(TRANSLATORS)] as const;
const STATES = KINDS.length * NATS.length;
/** Peers that die in a day, and those online at a time: what the odds of hearsay depend on. */
const DEATHS_PER_DAY = KINDS.reduce((sum, { share, lifeMs }) => sum + (POPULATION * share * DAY) / lifeMs, 0);
const ONLINE = KINDS.reduce((sum, { share, upMs, downMs }) => sum + (POPULATION * share * upMs) / (upMs + downMs), 0);

/** What is believed of a peer: probabilities of being up, and alive but down, by kind and translator, and of being gone. */
interface Belief {
  at: number;
  readonly up: Float64Array;
  readonly down: Float64Array;
  gone: number;
  isTested: boolean;
  isConnected: boolean;
}

/**
 * A bound for caches: it knows the rates and shares that the exponential world is made of, and filters
 * exactly what a node hears and dials, but does not see who is online. It picks by the probability that a
 * dial works, which is optimal but for the worth of what a dial teaches.
 */
export class InformedCache implements Contestant {
  readonly #beliefs = new Map<string, Belief>();
  readonly #epsilon: number;
  readonly #random: SeededRandom;
  #at = START;

  constructor(epsilon: number, random: SeededRandom) {
    this.#epsilon = epsilon;
    this.#random = random;
  }

  passTime(at: number): void {
    this.#at = at;
  }

  hear(peer: SimPeer, source: 'seed' | 'gossip' | 'connection'): void {
    const at = this.#at;
    const hasStale = source === 'gossip' && at > START + DAY;
    const known = this.#beliefs.get(peer.id);
    if (known === undefined) {
      const belief = newBelief(peer, source === 'seed', at);
      if (hasStale) belief.gone = STALE_GOSSIP / (1 - STALE_GOSSIP);
      normalise(belief);
      this.#beliefs.set(peer.id, belief);
      return;
    }
    advance(known, at);
    known.down.fill(0);
    if (source === 'gossip') {
      for (let state = 0; state < STATES; state++) known.up[state]! *= (1 - STALE_GOSSIP) / ONLINE;
      known.gone *= hasStale ? STALE_GOSSIP / ((DEATHS_PER_DAY * (at - START)) / DAY) : 0;
    } else known.gone = 0;
    normalise(known);
  }

  select(count: number, tried: ReadonlySet<string>): string[] {
    const ranked: { id: string; isTested: boolean; odds: number }[] = [];
    for (const [id, belief] of this.#beliefs) {
      if (tried.has(id)) continue;
      advance(belief, this.#at);
      ranked.push({ id, isTested: belief.isTested, odds: oddsOf(belief) });
    }
    ranked.sort((a, b) => b.odds - a.odds);
    const untested = ranked.filter(({ isTested }) => !isTested);
    const picked = new Set<string>();
    while (picked.size < Math.min(count, ranked.length)) {
      const isExploring = this.#epsilon > 0 && this.#random.chance(this.#epsilon);
      const next = (isExploring ? untested.find(({ id }) => !picked.has(id)) : undefined) ?? ranked.find(({ id }) => !picked.has(id));
      picked.add(next!.id);
    }
    return [...picked];
  }

  outcome(peer: SimPeer, ok: boolean): void {
    const belief = this.#beliefs.get(peer.id);
    if (belief === undefined) return;
    advance(belief, this.#at);
    // The ping of a connection passes every translator.
    const isPing = belief.isConnected;
    for (let state = 0; state < STATES; state++) {
      const passes = isPing ? 1 : DIALLABLE[NATS[state % NATS.length]!];
      belief.up[state]! *= ok ? passes : 1 - passes;
      if (ok) belief.down[state] = 0;
    }
    if (ok) belief.gone = 0;
    belief.isTested = true;
    belief.isConnected = ok;
    normalise(belief);
  }

  start(): void {
    for (const belief of this.#beliefs.values()) belief.isConnected = false;
  }

  maintain(): void {}
}

function newBelief(peer: SimPeer, isSeed: boolean, at: number): Belief {
  const belief: Belief = { at, up: new Float64Array(STATES), down: new Float64Array(STATES), gone: 0, isTested: false, isConnected: false };
  const claimed = peer.claims.natType ?? 'unknown';
  for (const [kindIndex, kind] of KINDS.entries()) {
    for (const [natIndex, nat] of NATS.entries()) {
      if (claimed !== 'unknown' && claimed !== nat) continue;
      if (isSeed && (kind.name !== 'server' || nat !== 'none')) continue;
      const translated = (1 - kind.isPublic) * (TRANSLATORS.filter((each) => each === nat).length / TRANSLATORS.length);
      const share = kind.share * (kind.upMs / (kind.upMs + kind.downMs)) * (nat === 'none' ? kind.isPublic : translated);
      belief.up[kindIndex * NATS.length + natIndex] = share * (peer.claims.relay === true ? kind.isRelay : 1 - kind.isRelay);
    }
  }
  normalise(belief);
  return belief;
}

/** Lets time pass: peers go on and off, and die, at the rates of their kind. */
function advance(belief: Belief, at: number): void {
  const elapsed = at - belief.at;
  if (elapsed <= 0) return;
  belief.at = at;
  for (const [kindIndex, { upMs, downMs, lifeMs }] of KINDS.entries()) {
    const alive = Math.exp(-elapsed / lifeMs);
    const settled = upMs / (upMs + downMs);
    const memory = Math.exp(-elapsed / upMs - elapsed / downMs);
    for (let state = kindIndex * NATS.length; state < (kindIndex + 1) * NATS.length; state++) {
      const total = belief.up[state]! + belief.down[state]!;
      const up = total * settled + (belief.up[state]! - total * settled) * memory;
      belief.up[state] = up * alive;
      belief.down[state] = (total - up) * alive;
      belief.gone += total * (1 - alive);
    }
  }
}

function normalise(belief: Belief): void {
  let sum = belief.gone;
  for (let state = 0; state < STATES; state++) sum += belief.up[state]! + belief.down[state]!;
  for (let state = 0; state < STATES; state++) {
    belief.up[state]! /= sum;
    belief.down[state]! /= sum;
  }
  belief.gone /= sum;
}

/** The probability that a dial works. */
function oddsOf(belief: Belief): number {
  let sum = 0;
  for (let state = 0; state < STATES; state++) sum += belief.up[state]! * DIALLABLE[NATS[state % NATS.length]!];
  return sum;
}

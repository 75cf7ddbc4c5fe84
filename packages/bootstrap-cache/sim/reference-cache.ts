import type { SeededRandom } from '@p2p/testkit';
import type { Contestant } from './contestant.ts';
import type { SimPeer } from './world.ts';

interface Entry {
  /** As computed last: evictions use this one, however old. */
  quality: number;
  lastSeen: number;
  successes: number;
  failures: number;
  /** Whole ms, 0 for unknown. */
  avgRttMs: number;
  relay: boolean;
  coordination: boolean;
  dualStack: boolean;
}

const DAY_MS = 86_400_000;
const EPSILON = 0.1;
const STALE_MS = 7 * DAY_MS;
const CLEANUP_MS = 6 * 3_600_000;

/**
 * The behaviour of ant-quic's bootstrap cache, written from its source at v0.27.44 (f5c781a0), used as
 * its documentation says: lifetime counters, a fixed quota of explorations at the end, newcomers always
 * admitted in place of the twentieth with the lowest scores, everything older than seven days dropped.
 *
 * Its own endpoint records no outcomes at all; here it gets every one, through `record_success` and
 * `record_failure`, as in its documentation's example. What is heard goes in the way its endpoint does it.
 */
export class ReferenceCache implements Contestant {
  readonly #entries = new Map<string, Entry>();
  readonly #maxPeers: number;
  readonly #random: SeededRandom;
  readonly #isRepaired: boolean;
  #cleanedAt = 0;

  constructor(maxPeers: number, random: SeededRandom, isRepaired = false) {
    this.#maxPeers = maxPeers;
    this.#random = random;
    this.#isRepaired = isRepaired;
  }

  hear(peer: SimPeer, source: 'seed' | 'gossip' | 'connection', now: number): void {
    const known = this.#entries.get(peer.id);
    const entry = known ?? this.#insert(peer, now, source !== 'connection');
    // An accepted connection counts as a success of a dial, whatever translator is between
    // (p2p_endpoint.rs:6562-6576, observe_direct_reachability in cache.rs); the proof lasts 15 minutes, the count for ever.
    if (source === 'connection') {
      if (!this.#isRepaired) entry.successes += 1;
      entry.lastSeen = now;
      entry.quality = scoreOf(entry, now);
    }
    // A hint about a known peer merges flags and scores it, but does not touch last_seen (p2p_endpoint.rs:4426-4452).
    if (source === 'gossip') {
      const { relay = false, coordination = false } = peer.claims;
      if (known !== undefined) entry.quality = scoreOf(entry, now);
      if (this.#isRepaired) entry.lastSeen = now;
      entry.relay ||= relay;
      entry.coordination ||= coordination;
    }
  }

  /** `observe_direct_reachability` inserts without looking at the capacity (cache.rs:352). */
  #insert(peer: SimPeer, now: number, isBounded: boolean): Entry {
    if (isBounded && this.#entries.size >= this.#maxPeers) this.#evict();
    const { relay = false, coordination = false, dualStack = false } = peer.claims;
    const entry = { quality: 0.5, lastSeen: now, successes: 0, failures: 0, avgRttMs: 0, relay, coordination, dualStack };
    this.#entries.set(peer.id, entry);
    return entry;
  }

  /** Its maintenance starts with the process, and the first turn of each of its timers comes at once. */
  start(now: number): void {
    this.#cleanUp(now);
  }

  select(count: number, tried: ReadonlySet<string>, now: number): string[] {
    for (const entry of this.#entries.values()) entry.quality = scoreOf(entry, now);
    const scored = [...this.#entries].filter(([id]) => !tried.has(id)).map(([id, entry]) => ({ id, entry, score: entry.quality }));
    scored.sort((a, b) => b.score - a.score);
    const target = Math.min(count, scored.length);
    const explore = Math.ceil(target * EPSILON);
    const chosen = scored.splice(0, target - explore);
    const untested = scored.filter(({ entry }) => entry.successes + entry.failures === 0);
    const pool = untested.length > 0 ? untested : scored;
    return [...chosen, ...this.#random.shuffled(pool).slice(0, explore)].map(({ id }) => id);
  }

  outcome(peer: SimPeer, ok: boolean, rttMs: number, now: number): void {
    const entry = this.#entries.get(peer.id);
    if (entry === undefined) return;
    if (ok) {
      entry.successes += 1;
      entry.lastSeen = now;
      const sample = Math.floor(rttMs);
      entry.avgRttMs = entry.avgRttMs === 0 ? sample : Math.floor((7 * entry.avgRttMs + sample) / 8);
    } else {
      entry.failures += 1;
    }
    entry.quality = scoreOf(entry, now);
  }

  maintain(now: number): void {
    for (const entry of this.#entries.values()) entry.quality = scoreOf(entry, now);
    if (Math.abs(now - this.#cleanedAt) >= CLEANUP_MS) this.#cleanUp(now);
  }

  #cleanUp(now: number): void {
    this.#cleanedAt = now;
    for (const [id, { lastSeen }] of this.#entries) if (now - lastSeen > STALE_MS || lastSeen > now) this.#entries.delete(id);
  }

  #evict(): void {
    const worst = [...this.#entries].sort(([, a], [, b]) => a.quality - b.quality);
    for (const [id] of worst.slice(0, Math.max(1, Math.floor(this.#maxPeers / 20)))) this.#entries.delete(id);
  }
}

function scoreOf(entry: Entry, now: number): number {
  const attempts = entry.successes + entry.failures;
  const success = attempts === 0 ? 0.5 : entry.successes / attempts;
  const rtt = entry.avgRttMs === 0 ? 0.5 : 1 - Math.min(entry.avgRttMs / 1000, 1);
  // Its constant, not ln 2.
  // oxlint-disable-next-line oxc/approx-constant
  const freshness = Math.exp((-Math.max(0, now - entry.lastSeen) * 0.693) / DAY_MS);
  const capabilities = (entry.relay ? 0.25 : 0) + (entry.coordination ? 0.25 : 0) + (entry.dualStack ? 0.2 : 0);
  return 0.4 * success + 0.25 * rtt + 0.15 * freshness + 0.2 * capabilities;
}

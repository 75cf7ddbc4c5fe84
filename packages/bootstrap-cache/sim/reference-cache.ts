import type { SeededRandom } from '@p2p/testkit';
import type { Contestant } from './contestant.ts';
import type { SimPeer } from './world.ts';

interface Entry {
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
 * The behaviour of ant-quic 0.27's bootstrap cache, written from a description of it: lifetime
 * counters, a fixed quota of explorations at the end, newcomers always admitted in place of the
 * twentieth with the lowest scores, everything older than seven days dropped.
 */
export class ReferenceCache implements Contestant {
  readonly #entries = new Map<string, Entry>();
  readonly #maxPeers: number;
  readonly #random: SeededRandom;
  #cleanedAt = 0;

  constructor(maxPeers: number, random: SeededRandom) {
    this.#maxPeers = maxPeers;
    this.#random = random;
  }

  hear(peer: SimPeer, _source: 'seed' | 'gossip' | 'connection', now: number): void {
    const known = this.#entries.get(peer.id);
    if (known !== undefined) {
      // Its endpoint merges addresses of known peers before it inserts them again.
      known.lastSeen = now;
      return;
    }
    if (this.#entries.size >= this.#maxPeers) this.#evict(now);
    const { relay = false, coordination = false, dualStack = false } = peer.claims;
    this.#entries.set(peer.id, { lastSeen: now, successes: 0, failures: 0, avgRttMs: 0, relay, coordination, dualStack });
  }

  select(count: number, tried: ReadonlySet<string>, now: number): string[] {
    const scored = [...this.#entries].filter(([id]) => !tried.has(id)).map(([id, entry]) => ({ id, entry, score: scoreOf(entry, now) }));
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
    if (!ok) {
      entry.failures += 1;
      return;
    }
    entry.successes += 1;
    entry.lastSeen = now;
    const sample = Math.floor(rttMs);
    entry.avgRttMs = entry.avgRttMs === 0 ? sample : Math.floor((7 * entry.avgRttMs + sample) / 8);
  }

  maintain(now: number): void {
    if (Math.abs(now - this.#cleanedAt) < CLEANUP_MS) return;
    this.#cleanedAt = now;
    for (const [id, { lastSeen }] of this.#entries) if (now - lastSeen > STALE_MS || lastSeen > now) this.#entries.delete(id);
  }

  #evict(now: number): void {
    const worst = [...this.#entries].map(([id, entry]) => ({ id, score: scoreOf(entry, now) })).sort((a, b) => a.score - b.score);
    for (const { id } of worst.slice(0, Math.max(1, Math.floor(this.#maxPeers / 20)))) this.#entries.delete(id);
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

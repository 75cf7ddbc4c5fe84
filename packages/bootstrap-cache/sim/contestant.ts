import { SeededRandom } from '@p2p/testkit';
import { BootstrapCache, type BootstrapCacheOptions, type SelectionStrategy } from '../src/index.ts';
import { ReferenceCache } from './reference-cache.ts';
import { DAY, dial, HOUR, isOnline, nodeClock, type SimPeer, type Trace } from './world.ts';

/** What a node asks of its cache. */
export interface Contestant {
  hear(peer: SimPeer, source: 'seed' | 'gossip' | 'connection', now: number): void;
  /** Ids to dial, in order, none of `tried`. */
  select(count: number, tried: ReadonlySet<string>, now: number): string[];
  outcome(peer: SimPeer, ok: boolean, rttMs: number, now: number): void;
  /** A chance to do what maintenance does; called about every hour. */
  maintain(now: number): void;
}

export interface ContestantKind {
  readonly name: string;
  create(trace: Trace): Promise<Contestant>;
}

/** Room for about as many peers as live at a time. */
const MAX_PEERS = 1500;

/** Our cache, in memory, with the clock of the simulation. */
export function ours(name: string, options: BootstrapCacheOptions & { strategy: SelectionStrategy }): ContestantKind {
  return {
    name,
    async create(trace) {
      let time = 0;
      const clock = { now: (): number => time, setTimer: () => ({ cancel: (): void => {} }) };
      const cache = await BootstrapCache.open({ persist: false, maxPeers: MAX_PEERS, ...options, clock, random: new SeededRandom(`${trace.seed}/${name}`) });
      let lastCleanUp = 0;
      return {
        hear(peer, source, now) {
          time = now;
          if (source === 'seed') cache.addSeed(peer.id, [peer.address]);
          else cache.add(peer.id, [peer.address], { source: source === 'connection' ? 'connection' : 'unknown', claims: peer.claims });
        },
        select(count, tried, now) {
          time = now;
          return cache.selectPeers(count, { exclude: tried }).map(({ id }) => id);
        },
        outcome(peer, ok, rttMs, now) {
          time = now;
          if (ok) cache.recordSuccess(peer.id, { rttMs, address: peer.address });
          else cache.recordFailure(peer.id);
        },
        maintain(now) {
          time = now;
          if (Math.abs(now - lastCleanUp) < 6 * HOUR) return;
          lastCleanUp = now;
          cache.cleanUp();
        },
      };
    },
  };
}

/** ant-quic's own cache as modelled in `reference-cache.ts`. */
export const REFERENCE: ContestantKind = {
  name: 'ant-quic, whole cache',
  create: async (trace) => new ReferenceCache(MAX_PEERS, new SeededRandom(`${trace.seed}/reference`)),
};

/** Knows who is online among all it heard of, and dials only those. */
export const ORACLE: ContestantKind = {
  name: 'oracle',
  async create(trace) {
    const known = new Map<string, SimPeer>();
    let trueNow = 0;
    return {
      hear(peer) {
        if (peer.kind !== 'sybil') known.set(peer.id, peer);
      },
      select(count, tried, now) {
        trueNow = unstepped(now);
        const able = [...known.values()].filter((peer) => !tried.has(peer.id) && isOnline(peer, trueNow) && dial(trace, peer, trueNow).ok);
        return able.slice(0, count).map(({ id }) => id);
      },
      outcome: () => undefined,
      maintain(now) {
        for (const [id, peer] of known) if (peer.diesAt < unstepped(now) - DAY) known.delete(id);
      },
    };
  },
};

/** The time that the node's clock was made from; the steps lie far enough apart for one try each. */
function unstepped(now: number): number {
  for (const offset of [0, DAY, -DAY / 2, 400 * DAY]) if (nodeClock(now - offset) === now) return now - offset;
  throw new Error(`no time makes the node's clock show ${now}`);
}

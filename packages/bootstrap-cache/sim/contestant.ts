import { SeededRandom } from '@p2p/testkit';
import { BootstrapCache, type BootstrapCacheOptions, type SelectionStrategy } from '../src/index.ts';
import { ReferenceCache } from './reference-cache.ts';
import { InformedCache } from './informed-cache.ts';
import { DAY, dial, HOUR, isOnline, type SimPeer, type Trace } from './world.ts';

/** What a node asks of its cache. */
export interface Contestant {
  hear(peer: SimPeer, source: 'seed' | 'gossip' | 'connection', now: number): void;
  /** Ids to dial, in order, none of `tried`. */
  select(count: number, tried: ReadonlySet<string>, now: number): string[];
  outcome(peer: SimPeer, ok: boolean, rttMs: number, now: number): void;
  /** The true time of what comes next: for contestants that know more than a node does. */
  passTime?(at: number): void;
  /** The node's process has started. */
  start?(now: number): void;
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

/** The same without the two defects that cost it most here, as if they had been repaired: hearsay keeps peers fresh, and accepted connections are no successes of dials. */
export const REPAIRED_REFERENCE: ContestantKind = {
  name: 'ant-quic, repaired',
  create: async (trace) => new ReferenceCache(MAX_PEERS, new SeededRandom(`${trace.seed}/reference`), true),
};

/** Knows how the world is made, and of its peers what a cache can know: the best that any cache could do here, within a little. */
export const INFORMED: ContestantKind = {
  name: 'informed',
  create: async (trace) => new InformedCache(0, new SeededRandom(`${trace.seed}/informed`)),
};

/** The same, exploring in a tenth of its slots. */
export const INFORMED_EXPLORER: ContestantKind = {
  name: 'informed, epsilon-greedy',
  create: async (trace) => new InformedCache(0.1, new SeededRandom(`${trace.seed}/informed`)),
};

/** Knows who is online among all it heard of, and dials only those. */
export const ORACLE: ContestantKind = {
  name: 'oracle',
  async create(trace) {
    const known = new Map<string, SimPeer>();
    let trueNow = 0;
    return {
      passTime(at) {
        trueNow = at;
      },
      hear(peer) {
        if (peer.kind !== 'sybil') known.set(peer.id, peer);
      },
      select(count, tried) {
        const able = [...known.values()].filter((peer) => !tried.has(peer.id) && isOnline(peer, trueNow) && dial(trace, peer, trueNow).ok);
        return able.slice(0, count).map(({ id }) => id);
      },
      outcome: () => undefined,
      maintain() {
        for (const [id, peer] of known) if (peer.diesAt < trueNow - DAY) known.delete(id);
      },
    };
  },
};

import type { ContestantKind } from './contestant.ts';
import { dial, isOnline, makeTrace, nodeClock, type SimPeer, type Trace, type WorldOptions } from './world.ts';

/** Connections that a node wants. */
const WANTED = 8;
/** Peers asked for at a time, as in the reference's own example. */
const BATCH = 50;
/** A start that has dialled this many peers gives up. */
const MAX_DIALS = 500;

export interface Result {
  /** Failed dials of each start of the node, before it had eight connections. */
  readonly failed: readonly number[];
  /** Starts that never came to eight before the node went off. */
  readonly incomplete: number;
}

/** Lets one contestant live through one trace. */
export async function play(kind: ContestantKind, trace: Trace): Promise<Result> {
  const contestant = await kind.create(trace);
  const peers = new Map<string, SimPeer>(trace.peers.map((peer) => [peer.id, peer]));
  const failed: number[] = [];
  let incomplete = 0;
  let isStarting = false;
  let connected = new Set<SimPeer>();
  contestant.passTime?.(trace.events[0]!.at);
  for (const peer of trace.seeds) contestant.hear(peer, 'seed', nodeClock(trace.events[0]!.at));

  const connect = (at: number): number => {
    const now = nodeClock(at);
    const tried = new Set([...connected].map(({ id }) => id));
    let failures = 0;
    let dials = 0;
    while (connected.size < WANTED && dials < MAX_DIALS) {
      const batch = contestant.select(BATCH, tried, now);
      if (batch.length === 0) break;
      for (const id of batch) {
        if (connected.size >= WANTED || dials >= MAX_DIALS) break;
        tried.add(id);
        dials += 1;
        const peer = peers.get(id);
        const result = peer === undefined ? { ok: false, rttMs: 0 } : dial(trace, peer, at);
        contestant.outcome(peer ?? ({ id } as SimPeer), result.ok, result.rttMs, now);
        if (result.ok) connected.add(peer!);
        else failures += 1;
      }
    }
    return failures;
  };

  for (const event of trace.events) {
    const now = nodeClock(event.at);
    contestant.passTime?.(event.at);
    switch (event.type) {
      case 'gossip':
      case 'inbound':
        for (const peer of event.peers) contestant.hear(peer, event.type === 'gossip' ? 'gossip' : 'connection', now);
        break;
      case 'start':
        connected = new Set();
        contestant.start?.(now);
        if (isStarting) incomplete += 1;
        failed.push(connect(event.at));
        isStarting = connected.size < WANTED;
        break;
      case 'tick': {
        // Pings of the connections are outcomes too. Those that broke are replaced: experience, but not counted.
        for (const peer of connected) {
          const isAlive = isOnline(peer, event.at);
          contestant.outcome(peer, isAlive, peer.rttMs, now);
          if (!isAlive) connected.delete(peer);
        }
        const more = connect(event.at);
        // A start goes on until there are eight: who gives up for want of peers has not done better.
        if (isStarting) failed[failed.length - 1]! += more;
        isStarting &&= connected.size < WANTED;
        contestant.maintain(now);
        break;
      }
    }
  }
  if (isStarting) incomplete += 1;
  return { failed, incomplete };
}

/** Means over all starts, one per seed. */
export async function playSeeds(kind: ContestantKind, seeds: readonly string[], world: WorldOptions): Promise<number[]> {
  const means: number[] = [];
  for (const seed of seeds) {
    const { failed } = await play(kind, makeTrace(seed, world));
    means.push(failed.reduce((sum, count) => sum + count, 0) / failed.length);
  }
  return means;
}

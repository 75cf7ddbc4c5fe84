import { createEventLog, contextToWire, tracePeer, type EventLog, type TraceContext } from '../src/index.ts';
import { GivenRandom, GivenTime } from './given-time.ts';
import { dataMapProtocol } from './data-map-protocol.ts';

export interface Story {
  readonly log: EventLog;
  readonly put: TraceContext;
  readonly get: TraceContext;
  readonly time: GivenTime;
}

/** A put that two replicas store, one of them late, and a get that fails; three nodes, one log. */
export function tellStory(): Story {
  const time = new GivenTime(1_800_000_000_000_000);
  const ids = [1, 2, 3].map((node) => new Uint8Array(32).fill(node));
  const client = createEventLog({ nodeId: ids[0]!, slots: 256, index: true, clock: time, random: new GivenRandom(5) });
  client.apps.register(dataMapProtocol);
  const [first, second] = [client.forNode(ids[1]!), client.forNode(ids[2]!)];
  const peers = ids.map((id) => tracePeer(id));
  const put = client.newTrace(4);
  client.spanStart(put, undefined, 'put');
  client.appCommand(put, undefined, dataMapProtocol.appId, 1, new Uint8Array(40).fill(1));
  for (const [index, replica] of [first, second].entries()) {
    time.advance(100);
    const send = client.childOf(put);
    client.spanStart(send, peers[index + 1], 'send-put');
    client.packetSent(send, peers[index + 1], 1200, index);
    time.advance(2000);
    const remote = replica.contextFromWire(contextToWire(send));
    replica.packetReceived(remote, peers[0], 1200, index);
    const serve = replica.childOf(remote);
    replica.spanStart(serve, peers[0], 'store');
    time.advance(300 + index * 4000);
    replica.spanEnd(serve, peers[0], 'store');
    time.advance(1500);
    client.packetReceived(send, peers[index + 1], 60, index);
    client.spanEnd(send, peers[index + 1], 'send-put');
  }
  client.connEstablished(put, peers[1], 3500);
  client.connEstablished(put, peers[1], 4500);
  client.spanEnd(put, undefined, 'put');
  time.advance(1000);
  const get = client.newTrace(4);
  client.appStart(get, undefined, dataMapProtocol.appId, 2);
  client.packetSent(get, peers[1], 100, 7);
  time.advance(500);
  client.packetLost(get, peers[1], 7);
  client.streamClosed(get, peers[1], 4, 9);
  client.appEnd(get, undefined, dataMapProtocol.appId, 2, false);
  client.packetSent(undefined, peers[2], 33, 8);
  return { log: client, put, get, time };
}

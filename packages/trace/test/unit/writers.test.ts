import { expect, test } from 'vitest';
import { createEventLog, tracePeer } from '../../src/index.ts';

test.each([false, true])('what is logged is found by trace, by peer and as the newest (shared: %s)', (shared) => {
  const log = createEventLog.full({ nodeId: new Uint8Array(32).fill(7), slots: 1024, shared });
  const peer = tracePeer(new Uint8Array(32).fill(9));
  const trace = log.newTrace();
  const span = log.childOf(trace);
  log.spanStart(span, peer, 'dave.put');
  log.packetSent(span, peer, 100, 5);
  log.packetReceived(span, new Uint8Array(32).fill(9), 100, 2n ** 60n);
  log.custom(span, undefined, 3, 4, new Uint8Array([1, 2, 3]));
  log.spanEnd(span, peer, 'dave.put', false);
  const events = log.query.trace(trace);
  expect(events.map(({ kind }) => kind)).toEqual(['spanStart', 'packetSent', 'packetReceived', 'custom', 'spanEnd']);
  expect(log.query.peer(peer)).toEqual(events.filter(({ kind }) => kind !== 'custom'));
  expect(log.query.recent(3)).toEqual(events.slice(2));
});

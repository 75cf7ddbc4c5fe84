import { distance } from '@p2p/dave-wire';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions, detachEntry, utf8Length } from '../../src/core/ops/dat-bytes.ts';
import { LinkQueue, type LinkItem } from '../../src/core/ops/link-queue.ts';
import { ackNames, putAck } from '../../src/core/ops/put-acks.ts';
import { rankReplicas } from '../../src/core/ops/replicas.ts';
import { NodeEmitter } from '../../src/events.ts';
import { unsignedEntry } from '../doubles/dats.ts';
import { ManualDirectory, peerAt } from '../doubles/peer-directory.ts';

const u64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });

test('replicas are the five closest of peers and ourselves, clients left out', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(u64, fc.boolean()), { maxLength: 20, size: 'max', selector: ([id]) => id }), u64, u64, fc.boolean(), (peers, self, target, client) => {
      fc.pre(peers.every(([id]) => id !== self));
      const directory = new ManualDirectory(new NodeEmitter());
      for (const [id, isClient] of peers) directory.activate(peerAt({ address: '192.0.2.1', port: 1 }, id, new Uint8Array(32), { client: isClient }));
      const candidates = peers.filter(([, isClient]) => !isClient).map(([id]) => id);
      if (!client) candidates.push(self);
      const expected = candidates.sort((a, b) => (distance(a, target) < distance(b, target) ? -1 : 1)).slice(0, 5);
      const ranked = rankReplicas(directory, { id: self, client }, target);
      expect(ranked.map(({ id }) => id)).toEqual(expected);
      for (const { id, peer } of ranked) expect(peer === undefined).toBe(id === self);
    }),
  );
});

test('the length of a key in UTF-8 is what an encoder makes of it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('a detached entry says the same and shares no memory', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.string(), (value, key) => {
      const entry = unsignedEntry({ key, value, replicas: [5n] });
      const before = structuredClone(entry);
      const detached = detachEntry(entry);
      for (const field of [entry.dat.salt, entry.dat.work, entry.dat.signature, entry.dat.publicKey, entry.dat.value]) field.fill(0xdb);
      expect(detached).toEqual(before);
    }),
  );
});

test('of two versions one stands, whoever compares', () => {
  fc.assert(
    fc.property(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 }), (one, other, early, late) => {
      const a = unsignedEntry({ value: one, time: early, signed: 1 }).dat;
      const b = unsignedEntry({ value: other, time: late, signed: 2 }).dat;
      const order = compareVersions(a, b);
      expect(Math.sign(order) + Math.sign(compareVersions(b, a))).toBe(0);
      expect(order === 0).toBe(one === other && early === late);
      if (early !== late) expect(order > 0).toBe(early > late);
    }),
  );
});

test('whatever is lost and confirmed, each item of a link is confirmed once, and the others stay in order', () => {
  const step = fc.oneof(
    fc.constant('push' as const),
    fc.constant('take' as const),
    fc.constant('lost' as const),
    fc.record({ confirm: fc.nat(50), withId: fc.boolean() }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), u64, (steps, firstId) => {
      const queue = new LinkQueue(firstId);
      let waiting: LinkItem[] = [];
      let sent: { requestId: bigint; item: LinkItem }[] = [];
      let pushed = 0;
      for (const one of steps) {
        if (one === 'push') {
          const item: LinkItem = { entry: unsignedEntry({ key: `${(pushed += 1)}` }), settle: () => {}, settled: false };
          // Prefixes of signatures tell items apart.
          new DataView(item.entry.dat.signature.buffer).setUint32(0, pushed);
          queue.push(item);
          waiting.push(item);
        } else if (one === 'take') {
          const taken = queue.take();
          expect(taken?.item).toBe(waiting.shift());
          if (taken !== undefined) sent.push(taken);
        } else if (one === 'lost') {
          queue.requeue();
          waiting = [...sent.map(({ item }) => item), ...waiting];
          sent = [];
        } else if (sent.length > 0) {
          const [acked] = sent.splice(one.confirm % sent.length, 1);
          const ack = putAck(ackNames(acked!.item.entry.dat), 0, one.withId ? acked!.requestId : undefined);
          expect(queue.confirm(ack)).toBe(acked!.item);
          expect(queue.confirm(ack)).toBe(undefined);
        }
        expect([queue.waiting, queue.unconfirmed]).toEqual([waiting.length, sent.length]);
      }
      expect(queue.drain()).toEqual([...sent.map(({ item }) => item), ...waiting]);
      expect(queue.size).toBe(0);
    }),
  );
});

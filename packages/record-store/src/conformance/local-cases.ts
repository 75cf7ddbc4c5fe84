import { equal } from './assertions.ts';
import { collect, id, INSERTED, provider, REFRESHED, rejected, text, UPDATED, value, type Case } from './context.ts';

/** What is this node's own is not crowded out. */
export const LOCAL_CASES: readonly Case[] = [
  {
    name: 'local records have a quota of their own: a store full of others takes them, and they take nothing from others',
    needs: ['values', 'limits', 'local', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 2, maxTotalBytes: 40, local: { maxRecords: 3 } } });
      const own = { publisher: context.localId };
      for (let at = 0; at < 2; at++) equal(await store.put(value(`r${at}`), { origin: 'o' }), INSERTED, `remote ${at}`);
      equal(await store.put(value('r2'), { origin: 'o' }), rejected('at-capacity'), 'remote 3');
      for (let at = 0; at < 3; at++) equal(await store.put(value(`l${at}`, new Uint8Array(100), own)), INSERTED, `local ${at}`);
      equal(await store.put(value('l3', 'v', own)), rejected('at-capacity'), 'local 4');
      await store.remove(text('r0'));
      equal(await store.put(value('r3'), { origin: 'o' }), INSERTED, 'remote after a removal');
      const stats = await store.stats();
      equal([stats.local.records, stats.remote.records], [3, 2], 'counted apart');
    },
  },
  {
    name: 'a local record without expiry lives until it is removed; a flood does not evict it',
    needs: ['values', 'limits', 'local', 'sweep'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 8 } });
      await store.put(value('mine', 'v', { publisher: context.localId }));
      for (let round = 0; round < 5; round++) {
        for (let at = 0; at < 20; at++) await store.put(value(`flood${round}-${at}`, 'v', { expires: context.clock.nowMs + 10 }), { origin: `o${at}` });
        context.clock.advance(100_000_000_000);
        await store.sweep();
      }
      equal(await store.get(text('mine')), value('mine', 'v', { publisher: context.localId }), 'the local record');
    },
  },
  {
    name: 'who names this node as publisher from outside gets no local record, and does not overwrite one',
    needs: ['values', 'limits', 'local', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 1 } });
      const own = { publisher: context.localId };
      equal(await store.put(value('a', 'v', own), { origin: 'liar' }), INSERTED, 'as a remote record');
      equal((await store.stats()).local.records, 0, 'local records');
      equal(await store.put(value('b', 'v', own), { origin: 'liar' }), rejected('at-capacity'), 'under the remote cap');
      equal(await store.put(value('mine', 'v', own)), INSERTED, 'by this node');
      equal(await store.put(value('mine', 'forged', own), { origin: 'liar' }), rejected('conflict'), 'another value from outside');
      equal((await store.get(text('mine')))?.value, text('v'), 'the local value');
      equal(await store.put(value('mine', 'v', { expires: context.clock.nowMs + 5 }), { origin: 'o' }), REFRESHED, 'the same value from outside');
      equal((await store.get(text('mine')))?.expires, undefined, 'its life is not cut short by that');
      equal((await store.stats()).local.records, 1, 'it is still local');
      equal(await store.put(value('mine', 'newer', own)), UPDATED, 'by this node again');
    },
  },
  {
    name: 'a record of others that this node publishes becomes local',
    needs: ['values', 'limits', 'local', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { perOrigin: { maxRecords: 1 } } });
      await store.put(value('k', 'v'), { origin: 'o' });
      equal(await store.put(value('k', 'v', { publisher: context.localId })), REFRESHED, 'published here');
      const stats = await store.stats();
      equal([stats.local.records, stats.remote.records, stats.origins], [1, 0, 0], 'counted as local');
      equal(await store.put(value('other'), { origin: 'o' }), INSERTED, 'the quota of its origin is free');
    },
  },
  {
    name: 'a local provider is always admitted: on a full key, beyond all caps, over expired ones',
    needs: ['providers', 'limits', 'local'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidersPerKey: 2, maxProvidedKeys: 1, maxTotalBytes: 300 }, policies: { fullKey: 'incumbents' } });
      const own = (key: string): Parameters<typeof store.addProvider>[0] => ({ key: text(key), provider: context.localId, addresses: ['here'] });
      for (let at = 0; at < 2; at++) await store.addProvider(provider('k', at, { expires: context.clock.nowMs + 10 }));
      equal(await store.addProvider(own('k')), INSERTED, 'on a full key');
      equal(await store.addProvider(own('l')), INSERTED, 'on a key too many');
      context.clock.advance(10);
      equal(await store.addProvider(own('k')), REFRESHED, 'beside expired ones');
      equal((await collect(store.provided())).length, 2, 'provided');
      equal((await store.providers(text('k'))).map((record) => record.provider), [context.localId], 'live providers');
    },
  },
  {
    name: 'a local provider survives a flood of others, and is listed whatever the limit',
    needs: ['providers', 'limits', 'local'],
    run: async (context) => {
      for (const fullKey of ['incumbents', 'random', 'closest', 'diverse'] as const) {
        const store = await context.open({ policies: { fullKey }, limits: { maxProvidersPerKey: 4 } });
        await store.addProvider(provider('k', 1000));
        await store.addProvider({ key: text('k'), provider: context.localId, addresses: ['here'] });
        for (let at = 0; at < 60; at++) await store.addProvider(provider('k', at), { origin: `o${at % 7}` });
        equal((await store.providers(text('k'), { limit: 1 })).map((record) => record.provider), [context.localId], `with ${fullKey}`);
        equal((await store.providers(text('k'), { limit: 100 })).length, 5, `providers with ${fullKey}`);
      }
    },
  },
  {
    name: 'others do not speak for this node as a provider',
    needs: ['providers', 'local'],
    run: async (context) => {
      const store = await context.open();
      const forged = { key: text('k'), provider: context.localId, addresses: ['evil:1'] };
      equal(await store.addProvider(forged, { origin: 'liar' }), rejected('conflict'), 'where it does not provide');
      await store.addProvider({ ...forged, addresses: ['here'] });
      equal(await store.addProvider(forged, { origin: 'liar' }), rejected('conflict'), 'where it does');
      equal((await store.providers(text('k')))[0]?.addresses, ['here'], 'its addresses');
    },
  },
  {
    name: 'this node’s entries do not use up what remote ones may have',
    needs: ['providers', 'limits', 'local', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidedKeys: 2, maxProvidersPerKey: 2 } });
      for (let at = 0; at < 10; at++) await store.addProvider({ key: text(`l${at}`), provider: context.localId, addresses: [] });
      equal(await store.addProvider(provider('l0', 1)), INSERTED, 'key 1');
      equal(await store.addProvider(provider('l0', 2)), INSERTED, 'provider 2 of it');
      equal(await store.addProvider(provider('l1', 1)), INSERTED, 'key 2');
      equal(await store.addProvider(provider('l2', 1)), rejected('at-capacity'), 'key 3');
      const { local, remote } = await store.stats();
      equal([local.providedKeys, local.providers, remote.providedKeys, remote.providers], [10, 10, 2, 3], 'counted apart');
      await store.removeProvider(text('l1'), id(1));
      equal((await store.stats()).remote.providedKeys, 1, 'a key that only this node provides is no remote key');
    },
  },
];

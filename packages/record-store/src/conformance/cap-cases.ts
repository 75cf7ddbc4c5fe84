import { check, equal } from './assertions.ts';
import { collect, id, INSERTED, numbers, provider, REFRESHED, rejected, text, UPDATED, value, type Case } from './context.ts';

/** Caps are inclusive: n - 1 and n are taken, n + 1 is not. */
export const CAP_CASES: readonly Case[] = [
  {
    name: 'value bytes: the cap is taken, one more is too-large',
    needs: ['values', 'limits'],
    run: async (context) => {
      const store = await context.open();
      equal(await store.put(value('a', new Uint8Array(65_535))), INSERTED, '65 535');
      equal(await store.put(value('b', new Uint8Array(65_536))), INSERTED, '65 536, the default cap');
      equal(await store.put(value('c', new Uint8Array(65_537))), rejected('too-large'), '65 537');
      equal((await store.get(text('b')))?.value.length, 65_536, 'read back');
      equal(await store.get(text('c')), undefined, 'the refused one');
      const none = await context.open({ limits: { maxValueBytes: 0 } });
      equal(await none.put(value('a', new Uint8Array(0))), INSERTED, 'a cap of 0 takes nothing long');
      equal(await none.put(value('b', new Uint8Array(1))), rejected('too-large'), 'and nothing longer');
    },
  },
  {
    name: 'records: n - 1, n, n + 1; overwriting is no new record; removing makes room',
    needs: ['values', 'limits', 'scans'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 5 } });
      for (let at = 0; at < 5; at++) equal(await store.put(value(`k${at}`)), INSERTED, `record ${at + 1}`);
      equal(await store.put(value('k5')), rejected('at-capacity'), 'record 6');
      equal(await store.put(value('k0', 'other')), UPDATED, 'an update at the cap');
      equal(await store.put(value('k0', 'other')), REFRESHED, 'a refresh at the cap');
      equal((await collect(store.records())).length, 5, 'records');
      await store.remove(text('k3'));
      equal(await store.put(value('k5')), INSERTED, 'after one was removed');
    },
  },
  {
    name: 'records: 1024 by default',
    needs: ['values', 'limits'],
    run: async (context) => {
      const store = await context.open();
      const results = await store.putMany(Array.from({ length: 1024 }, (_, at) => value(id(at), 'v')));
      check(results.every(({ outcome }) => outcome === 'inserted'), '1024 records are taken');
      equal(await store.put(value(id(1024), 'v')), rejected('at-capacity'), 'number 1025');
    },
  },
  {
    name: 'total bytes: keys, values and publishers count; the cap is taken, one more is not; shrinking makes room',
    needs: ['values', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxTotalBytes: 100 } });
      equal(await store.put(value('aaaaa', new Uint8Array(40), { publisher: new Uint8Array(5).fill(7) })), INSERTED, '50 bytes');
      equal(await store.put(value('bbbbb', new Uint8Array(46))), rejected('at-capacity'), '101 bytes');
      equal(await store.put(value('bbbbb', new Uint8Array(45))), INSERTED, '100 bytes');
      equal(await store.put(value('bbbbb', new Uint8Array(46))), rejected('at-capacity'), 'growing by one');
      equal((await store.get(text('bbbbb')))?.value.length, 45, 'the record stays as it was');
      equal(await store.put(value('bbbbb', new Uint8Array(44))), UPDATED, 'shrinking');
      equal(await store.put(value('bbbbb', new Uint8Array(45).fill(1))), UPDATED, 'growing to the cap');
    },
  },
  {
    name: 'providers per key: 20 by default, others’ keys are not touched',
    needs: ['providers', 'limits'],
    run: async (context) => {
      const store = await context.open({ policies: { fullKey: 'incumbents' } });
      for (let at = 0; at < 20; at++) equal(await store.addProvider(provider('k', at)), INSERTED, `provider ${at + 1}`);
      equal(await store.addProvider(provider('k', 20)), rejected('key-full'), 'provider 21');
      equal(numbers(await store.providers(text('k'))), Array.from({ length: 20 }, (_, at) => at), 'who came first stays');
      equal(await store.addProvider(provider('k', 19, { addresses: ['x'] })), UPDATED, 'one of the 20 again');
      equal(await store.addProvider(provider('other', 20)), INSERTED, 'another key');
      await store.removeProvider(text('k'), id(4));
      equal(await store.addProvider(provider('k', 20)), INSERTED, 'after one left');
    },
  },
  {
    name: 'provided keys: n - 1, n, n + 1; a key goes with its last provider',
    needs: ['providers', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidedKeys: 3 } });
      for (let at = 0; at < 3; at++) equal(await store.addProvider(provider(`k${at}`, 1)), INSERTED, `key ${at + 1}`);
      equal(await store.addProvider(provider('k3', 1)), rejected('at-capacity'), 'key 4');
      equal(await store.addProvider(provider('k0', 2)), INSERTED, 'another provider of a key that is there');
      await store.removeProvider(text('k0'), id(1));
      equal(await store.addProvider(provider('k3', 1)), rejected('at-capacity'), 'while the key has one left');
      await store.removeProvider(text('k0'), id(2));
      equal(await store.addProvider(provider('k3', 1)), INSERTED, 'after its last one left');
    },
  },
  {
    name: 'addresses per provider, ids and keys have bounds',
    needs: ['providers', 'values', 'limits'],
    run: async (context) => {
      const store = await context.open();
      const addresses = (count: number): string[] => Array.from({ length: count }, (_, at) => `192.0.2.${at}:1`);
      equal(await store.addProvider(provider('k', 1, { addresses: addresses(16) })), INSERTED, '16 addresses');
      equal(await store.addProvider(provider('k', 2, { addresses: addresses(17) })), rejected('too-large'), '17 addresses');
      equal(await store.addProvider(provider('k', 3, { addresses: ['x'.repeat(512)] })), INSERTED, 'an address of 512');
      equal(await store.addProvider(provider('k', 4, { addresses: ['x'.repeat(513)] })), rejected('too-large'), 'an address of 513');
      equal(await store.addProvider({ key: text('k'), provider: new Uint8Array(256).fill(1), addresses: [] }), INSERTED, 'an id of 256');
      equal(await store.addProvider({ key: text('k'), provider: new Uint8Array(257).fill(1), addresses: [] }), rejected('too-large'), 'an id of 257');
      equal(await store.put(value(new Uint8Array(1024).fill(1))), INSERTED, 'a key of 1024');
      equal(await store.put(value(new Uint8Array(1025).fill(1))), rejected('too-large'), 'a key of 1025');
      equal(await store.addProvider(provider(new Uint8Array(1024).fill(1), 1)), INSERTED, 'a provided key of 1024');
      equal(await store.addProvider(provider(new Uint8Array(1025).fill(1), 1)), rejected('too-large'), 'a provided key of 1025');
      equal((await store.providers(text('k'))).length, 3, 'providers');
    },
  },
  {
    name: 'an origin has its own quota of records, bytes and providers; others are not touched by it',
    needs: ['values', 'providers', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { perOrigin: { maxRecords: 2, maxBytes: 200, maxProviders: 2 } } });
      const from = { origin: '192.0.2' };
      equal(await store.put(value('a'), from), INSERTED, 'record 1');
      equal(await store.put(value('b'), from), INSERTED, 'record 2');
      equal(await store.put(value('c'), from), rejected('quota'), 'record 3');
      equal(await store.put(value('a', 'changed'), from), UPDATED, 'an update of its own');
      equal(await store.put(value('c'), { origin: 'elsewhere' }), INSERTED, 'another origin');
      equal(await store.put(value('a', new Uint8Array(200)), from), rejected('quota'), 'more bytes than its quota');
      equal(await store.put(value('d')), INSERTED, 'this node itself has none');
      equal(await store.addProvider(provider('k', 1), from), INSERTED, 'provider 1');
      equal(await store.addProvider(provider('l', 1), from), INSERTED, 'provider 2');
      equal(await store.addProvider(provider('m', 1), from), rejected('quota'), 'provider 3');
      equal(await store.addProvider(provider('k', 1, { addresses: ['x'] }), from), UPDATED, 'one of its own');
      await store.remove(text('b'));
      equal(await store.put(value('c2'), from), INSERTED, 'after a removal');
      await store.removeProvider(text('l'), id(1));
      equal(await store.addProvider(provider('m', 1), from), INSERTED, 'a provider after a removal');
    },
  },
  {
    name: 'what an origin had stored and is gone counts no more, and is not evicted again',
    needs: ['values', 'providers', 'limits', 'stats', 'sweep'],
    run: async (context) => {
      const store = await context.open({ limits: { perOrigin: { maxRecords: 2, maxProviders: 2 } } });
      const from = { origin: 'o' };
      const soon = { expires: context.clock.nowMs + 10 };
      for (let at = 0; at < 5; at++) {
        await store.put(value(`k${at}`, 'v', soon), from);
        await store.addProvider(provider(`k${at}`, at, soon), from);
        await store.remove(text(`k${at}`));
        await store.removeProvider(text(`k${at}`), id(at));
      }
      for (let at = 0; at < 2; at++) {
        await store.put(value(`x${at}`, 'v', soon), from);
        await store.addProvider(provider(`x${at}`, at, { ...soon, addresses: [] }), from);
      }
      context.clock.advance(10);
      equal(await store.put(value('y', 'v'), from), INSERTED, 'a record in place of expired ones');
      equal(await store.addProvider(provider('y', 1, { addresses: [] }), from), INSERTED, 'a provider in place of expired ones');
      await store.sweep();
      const stats = await store.stats();
      equal([stats.remote, stats.origins], [{ records: 1, bytes: 2 + 33, providedKeys: 1, providers: 1 }, 1], 'what is left');
    },
  },
  {
    name: 'a record counts for the origin whose value it holds',
    needs: ['values', 'limits', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { perOrigin: { maxRecords: 1 } } });
      await store.put(value('k', 'v'), { origin: 'a' });
      equal(await store.put(value('k', 'v'), { origin: 'b' }), REFRESHED, 'a refresh by b');
      equal(await store.put(value('b1'), { origin: 'b' }), INSERTED, 'which did not use up the quota of b');
      equal(await store.put(value('a1'), { origin: 'a' }), rejected('quota'), 'a still has the first');
      equal(await store.put(value('k', 'by c'), { origin: 'c' }), UPDATED, 'an update by c');
      equal(await store.put(value('a1'), { origin: 'a' }), INSERTED, 'a has room now');
      equal(await store.put(value('c1'), { origin: 'c' }), rejected('quota'), 'c has none');
      equal((await store.stats()).origins, 3, 'origins');
    },
  },
  {
    name: 'unlimited is a limit',
    needs: ['values', 'providers', 'limits'],
    run: async (context) => {
      const limits = { maxRecords: 'unlimited', maxValueBytes: 'unlimited', maxTotalBytes: 'unlimited', maxProvidedKeys: 'unlimited', maxProvidersPerKey: 'unlimited', maxAddressesPerProvider: 'unlimited' } as const;
      const store = await context.open({ limits: { ...limits, perOrigin: { maxRecords: 'unlimited', maxBytes: 'unlimited', maxProviders: 'unlimited' } } });
      const results = await store.putMany(Array.from({ length: 1500 }, (_, at) => value(id(at), 'v')), { origin: 'o' });
      check(results.every(({ outcome }) => outcome === 'inserted'), '1500 records');
      equal(await store.put(value('big', new Uint8Array(200_000)), { origin: 'o' }), INSERTED, 'a big one');
      for (let at = 0; at < 60; at++) equal(await store.addProvider(provider('k', at, { addresses: Array.from({ length: 20 }, (_, n) => `a${n}`) }), { origin: 'o' }), INSERTED, `provider ${at}`);
      equal((await store.providers(text('k'), { limit: 100 })).length, 60, 'providers');
    },
  },
  {
    name: 'a key that is full of one: whoever adds at the same time gets an answer each, and one stays',
    needs: ['providers', 'limits', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidersPerKey: 1 }, policies: { fullKey: { name: 'the newest stays', choose: () => 0 } } });
      const results = await Promise.all(Array.from({ length: 30 }, (_, at) => store.addProvider(provider('k', at), { origin: `o${at}` })));
      equal(results, results.map(() => INSERTED), 'answers');
      equal((await store.providers(text('k'), { limit: 100 })).length, 1, 'providers');
      const { remote, origins } = await store.stats();
      equal([remote.providers, remote.providedKeys, origins], [1, 1, 1], 'counted');
    },
  },
];

import { check, equal, rejects } from './assertions.ts';
import { collect, id, INSERTED, numbers, provider, REFRESHED, text, UPDATED, type Case } from './context.ts';

const needs = ['providers'] as const;

/** Providers of a key: rust-libp2p's properties of its memory store among them, by what they mean. */
export const PROVIDER_CASES: readonly Case[] = [
  {
    name: 'a provider that was added is listed with all it said, and gone after removal',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (let round = 0; round < 20; round++) {
        const record = provider(context.random.bytes(1 + context.random.integer(40)), round, { expires: context.clock.nowMs + 1000 + round, addresses: ['a', 'b:1', '/ip4/192.0.2.1/udp/1'].slice(round % 4) });
        equal(await store.addProvider(record), INSERTED, 'add');
        equal(await store.providers(record.key), [record], 'the list');
        equal(await store.removeProvider(record.key, record.provider), true, 'remove');
        equal(await store.removeProvider(record.key, record.provider), false, 'remove again');
        equal(await store.providers(record.key), [], 'the list after');
      }
    },
  },
  {
    name: 'adding a provider again keeps one, in its place, with the newer addresses and expiry',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (const number of [1, 2, 3]) await store.addProvider(provider('k', number));
      const again = provider('k', 2, { expires: context.clock.nowMs + 5000, addresses: ['203.0.113.9:1'] });
      equal(await store.addProvider(again), UPDATED, 'other addresses');
      const list = await store.providers(text('k'));
      equal(numbers(list), [1, 2, 3], 'the order');
      equal(list[1], again, 'what is known of it');
      const later = { ...again, expires: context.clock.nowMs + 9000 };
      equal(await store.addProvider(later), REFRESHED, 'the same addresses');
      equal((await store.providers(text('k')))[1], later, 'its expiry');
    },
  },
  {
    name: 'providers of keys of which one starts with the other do not mix',
    needs,
    run: async (context) => {
      const store = await context.open();
      await store.addProvider(provider('cidaaa', 1));
      await store.addProvider(provider('cidaaab', 2));
      equal(numbers(await store.providers(text('cidaaa'))), [1], 'the shorter key');
      equal(numbers(await store.providers(text('cidaaab'))), [2], 'the longer key');
      equal(await store.providers(text('cidaa')), [], 'a prefix of both');
    },
  },
  {
    name: 'key and provider are told apart at every boundary between them',
    needs,
    run: async (context) => {
      const store = await context.open();
      await store.addProvider({ key: text('ab'), provider: text('c'), addresses: [] });
      await store.addProvider({ key: text('a'), provider: text('bc'), addresses: [] });
      equal((await store.providers(text('ab'))).length, 1, 'ab / c');
      equal((await store.providers(text('a'))).length, 1, 'a / bc');
      equal(await store.removeProvider(text('a'), text('bc')), true, 'remove a / bc');
      equal((await store.providers(text('ab'))).length, 1, 'ab / c after that');
    },
  },
  {
    name: 'a value and providers under the same key are apart',
    needs: ['providers', 'values'],
    run: async (context) => {
      const store = await context.open();
      await store.addProvider(provider('k', 1));
      equal(await store.get(text('k')), undefined, 'no value yet');
      await store.put({ key: text('k'), value: text('v') });
      equal(await store.remove(text('k')), true, 'remove the value');
      equal((await store.providers(text('k'))).length, 1, 'the provider stays');
    },
  },
  {
    name: 'providers are limited and ordered as asked; the list is the caller’s own',
    needs,
    run: async (context) => {
      const distance = (_key: Uint8Array, of: Uint8Array): bigint => BigInt(100 - numbers([{ key: of, provider: of, addresses: [] }])[0]!);
      const store = await context.open({ distance, replication: 4 });
      for (const number of [5, 9, 1, 7, 3]) await store.addProvider(provider('k', number));
      equal(numbers(await store.providers(text('k'))), [5, 9, 1, 7], 'stored order, as many as replication');
      equal(numbers(await store.providers(text('k'), { order: 'closest', limit: 3 })), [9, 7, 5], 'closest');
      const random = numbers(await store.providers(text('k'), { order: 'random', limit: 100 }));
      equal(random.toSorted((one, other) => one - other), [1, 3, 5, 7, 9], 'random has all');
      equal(await store.providers(text('k'), { limit: 0 }), [], 'none');
      const list = await store.providers(text('k'), { limit: 100 });
      (list[0]!.addresses as string[]).push('changed');
      list.length = 0;
      equal((await store.providers(text('k'), { limit: 100 })).length, 5, 'after the caller changed its list');
      equal((await store.providers(text('k')))[0]!.addresses.length, 1, 'after the caller changed addresses');
    },
  },
  {
    name: 'a random order of providers is not always the same',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (let number = 0; number < 8; number++) await store.addProvider(provider('k', number));
      const seen = new Set<string>();
      for (let round = 0; round < 20; round++) seen.add(numbers(await store.providers(text('k'), { order: 'random' })).join());
      check(seen.size > 5, `20 shuffles gave ${seen.size} orders`);
    },
  },
  {
    name: 'this node’s own providers are in provided, once each, until they are removed',
    needs: ['providers', 'local'],
    run: async (context) => {
      const store = await context.open();
      const own = (key: string, address = 'here:1'): Parameters<typeof store.addProvider>[0] => ({ key: text(key), provider: context.localId, addresses: [address] });
      equal(await collect(store.provided()), [], 'at first');
      await store.addProvider(provider('k', 1));
      equal(await store.addProvider(own('k')), INSERTED, 'own');
      equal(await store.addProvider(own('k', 'there:2')), UPDATED, 'own again');
      await store.addProvider(own('other'));
      const provided = await collect(store.provided());
      equal(provided.map(({ key }) => new TextDecoder().decode(key)).toSorted(), ['k', 'other'], 'keys that this node provides');
      equal(provided.find(({ key }) => key.length === 1)?.addresses, ['there:2'], 'the newer addresses');
      equal(await store.removeProvider(text('k'), context.localId), true, 'remove');
      equal((await collect(store.provided())).length, 1, 'after removal');
      equal((await store.providers(text('k'))).length, 1, 'the other provider stays');
    },
  },
  {
    name: 'mistakes about providers are TypeErrors, and closed stores say so',
    needs,
    run: async (context) => {
      const store = await context.open();
      await rejects(() => store.addProvider({ key: text('k'), provider: new Uint8Array(0), addresses: [] }), { is: TypeError }, 'an empty id');
      await rejects(() => store.addProvider({ key: text('k'), provider: id(1) } as never), { is: TypeError }, 'no addresses');
      await rejects(() => store.addProvider({ key: text('k'), provider: id(1), addresses: [1 as never] }), { is: TypeError }, 'an address that is no text');
      await rejects(() => store.providers(text('k'), { order: 'sideways' as never }), { is: TypeError }, 'an order that is none');
      await store.close();
      const calls = [() => store.addProvider(provider('k', 1)), () => store.providers(text('k')), () => store.removeProvider(text('k'), id(1))];
      for (const call of calls) await rejects(call, { code: 'RECORD_STORE_CLOSED' }, 'closed');
    },
  },
];

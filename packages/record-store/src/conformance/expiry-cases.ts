import { equal } from './assertions.ts';
import { collect, INSERTED, numbers, provider, rejected, text, UPDATED, value, type Case } from './context.ts';

const HOUR_MS = 3_600_000;

/** When records stop to be. */
export const EXPIRY_CASES: readonly Case[] = [
  {
    name: 'a record lives until the millisecond before its expiry',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const expires = context.clock.nowMs + 1000;
      await store.put(value('k', 'v', { expires }));
      context.clock.nowMs = expires - 1;
      equal((await store.get(text('k')))?.expires, expires, 'a millisecond before');
      equal((await collect(store.records())).length, 1, 'the scan then');
      context.clock.nowMs = expires;
      equal(await store.get(text('k')), undefined, 'at its expiry');
      equal(await collect(store.records()), [], 'the scan at its expiry');
      equal((await collect(store.records({ includeExpired: true }))).map((record) => record.key), [text('k')], 'the scan that asks for expired ones');
      equal(await store.remove(text('k')), false, 'removing what is expired');
      equal(await store.put(value('k', 'w', { expires: expires + 1 })), INSERTED, 'a put over it is a new one');
    },
  },
  {
    name: 'a provider lives until the millisecond before its expiry',
    needs: ['providers', 'local'],
    run: async (context) => {
      const store = await context.open();
      const expires = context.clock.nowMs + 1000;
      await store.addProvider(provider('k', 1, { expires }));
      await store.addProvider(provider('k', 2, { expires: expires + 1 }));
      await store.addProvider({ key: text('k'), provider: context.localId, addresses: [], expires });
      context.clock.nowMs = expires - 1;
      equal((await store.providers(text('k'))).length, 3, 'a millisecond before');
      equal((await collect(store.provided())).length, 1, 'provided then');
      context.clock.nowMs = expires;
      equal(numbers(await store.providers(text('k'))), [2], 'at the expiry');
      equal(await collect(store.provided()), [], 'provided at the expiry');
      equal(await store.removeProvider(text('k'), provider('k', 1).provider), false, 'removing what is expired');
      equal(await store.addProvider(provider('k', 1, { expires: expires + 9 })), INSERTED, 'adding it again is new');
    },
  },
  {
    name: 'what is expired when it comes is refused',
    needs: ['values', 'providers'],
    run: async (context) => {
      const store = await context.open();
      const { nowMs } = context.clock;
      equal(await store.put(value('k', 'v', { expires: nowMs })), rejected('expired'), 'expires now');
      equal(await store.put(value('k', 'v', { expires: 0 })), rejected('expired'), 'expired long ago');
      equal(await store.addProvider(provider('k', 1, { expires: nowMs })), rejected('expired'), 'a provider');
      equal(await store.put(value('k', 'v', { expires: nowMs + 1 })), INSERTED, 'expires in a millisecond');
      equal(await store.put(value('k', 'w', { expires: nowMs })), rejected('expired'), 'over one that lives');
      equal((await store.get(text('k')))?.value, text('v'), 'which stays');
    },
  },
  {
    name: 'nothing lives longer than maxTtlMs from its put; without expiry it lives that long',
    needs: ['values', 'providers'],
    run: async (context) => {
      const store = await context.open({ maxTtlMs: HOUR_MS });
      const longest = context.clock.nowMs + HOUR_MS;
      await store.put(value('none'));
      await store.put(value('long', 'v', { expires: longest + 1 }));
      await store.put(value('just', 'v', { expires: longest }));
      await store.addProvider(provider('k', 1));
      for (const key of ['none', 'long', 'just']) equal((await store.get(text(key)))?.expires, longest, key);
      equal((await store.providers(text('k')))[0]?.expires, longest, 'the provider');
      context.clock.nowMs = longest;
      for (const key of ['none', 'long', 'just']) equal(await store.get(text(key)), undefined, `${key} then`);
    },
  },
  {
    name: 'without a limit to life an expiry is kept as it is, and none means for ever',
    needs: ['values'],
    run: async (context) => {
      const store = await context.open({ maxTtlMs: 'unlimited' });
      const expires = context.clock.nowMs + 1000 * 365 * 24 * HOUR_MS;
      await store.put(value('far', 'v', { expires }));
      await store.put(value('never'));
      equal((await store.get(text('far')))?.expires, expires, 'far');
      equal('expires' in (await store.get(text('never')))!, false, 'never has no expiry');
      context.clock.advance(100 * 365 * 24 * HOUR_MS);
      equal((await store.get(text('never')))?.value, text('value'), 'a hundred years later');
    },
  },
  {
    name: 'a refresh by others prolongs a record and does not shorten it',
    needs: ['values'],
    run: async (context) => {
      const store = await context.open();
      const { nowMs } = context.clock;
      await store.put(value('k', 'v', { expires: nowMs + 5000 }), { origin: 'a' });
      await store.put(value('k', 'v', { expires: nowMs + 100 }), { origin: 'b' });
      equal((await store.get(text('k')))?.expires, nowMs + 5000, 'an old copy does not shorten it');
      await store.put(value('k', 'v', { expires: nowMs + 9000 }), { origin: 'b' });
      equal((await store.get(text('k')))?.expires, nowMs + 9000, 'a newer one prolongs it');
      equal(await store.put(value('k', 'w', { expires: nowMs + 50 }), { origin: 'b' }), UPDATED, 'another value');
      equal((await store.get(text('k')))?.expires, nowMs + 50, 'brings its own expiry');
    },
  },
  {
    name: 'expired entries make room before anything is refused',
    needs: ['values', 'providers', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 4, maxProvidedKeys: 2, maxProvidersPerKey: 3 } });
      const expires = context.clock.nowMs + 1000;
      for (let at = 0; at < 4; at++) equal(await store.put(value(`old${at}`, 'v', { expires })), INSERTED, `old ${at}`);
      for (const key of ['p', 'q']) for (let at = 0; at < 3; at++) await store.addProvider(provider(key, at, { expires }));
      equal(await store.put(value('new')), rejected('at-capacity'), 'while they live');
      equal(await store.addProvider(provider('r', 7)), rejected('at-capacity'), 'a key while they live');
      context.clock.nowMs = expires;
      for (let at = 0; at < 4; at++) equal(await store.put(value(`new${at}`)), INSERTED, `new ${at}`);
      equal(await store.put(value('new4')), rejected('at-capacity'), 'one too many');
      for (let at = 10; at < 13; at++) equal(await store.addProvider(provider('p', at)), INSERTED, `provider ${at} of the full key`);
      equal(numbers(await store.providers(text('p'))), [10, 11, 12], 'its providers');
      equal(await store.addProvider(provider('r', 7)), INSERTED, 'a new key');
      equal(await store.addProvider(provider('s', 7)), rejected('at-capacity'), 'a key too many');
    },
  },
  {
    name: 'expired entries make room in bytes and in an origin’s quota',
    needs: ['values', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxTotalBytes: 100, perOrigin: { maxRecords: 2, maxBytes: 'unlimited' } } });
      const expires = context.clock.nowMs + 1000;
      await store.put(value('aaaa', new Uint8Array(36), { expires }), { origin: 'x' });
      await store.put(value('bbbb', new Uint8Array(36), { expires: expires + 1000 }), { origin: 'x' });
      equal(await store.put(value('cccc', new Uint8Array(36)), { origin: 'y' }), rejected('at-capacity'), 'bytes while both live');
      equal(await store.put(value('c', 'c'), { origin: 'x' }), rejected('quota'), 'quota while both live');
      context.clock.nowMs = expires;
      equal(await store.put(value('c', 'c'), { origin: 'x' }), INSERTED, 'quota after one expired');
      equal(await store.put(value('dddd', new Uint8Array(36)), { origin: 'y' }), INSERTED, 'bytes after one expired');
    },
  },
];

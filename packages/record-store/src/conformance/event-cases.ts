import type { StoreEvent } from '../events.ts';
import { check, equal } from './assertions.ts';
import { id, provider, text, value, type Case } from './context.ts';

/** Events and counters. */
export const EVENT_CASES: readonly Case[] = [
  {
    name: 'refusals, evictions, sweeps and a store that fills up are told',
    needs: ['values', 'providers', 'events', 'limits', 'sweep'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 10, maxProvidersPerKey: 1 }, policies: { fullKey: { name: 'newest', choose: () => 0 } } });
      const events: StoreEvent[] = [];
      for (const type of ['rejected', 'evicted', 'swept', 'capacity-high'] as const) store.on(type, (event) => void events.push(event));
      const expires = context.clock.nowMs + 10;
      for (let at = 0; at < 10; at++) await store.put(value(id(at), 'v', { expires }));
      equal(events, [{ type: 'capacity-high', resource: 'records', used: 10, limit: 10 }], 'once, above nine tenths');
      await store.put(value('more'), { origin: 'o' });
      equal(events.splice(0).at(-1), { type: 'rejected', key: text('more'), provider: undefined, origin: 'o', reason: 'at-capacity' }, 'a refusal');
      await store.addProvider(provider('k', 1));
      await store.addProvider(provider('k', 2));
      equal(events.splice(0), [{ type: 'evicted', key: text('k'), provider: id(1), why: 'replaced' }], 'a replacement');
      context.clock.nowMs = expires;
      await store.put(value('more'));
      check(events.length > 0 && events.every((event) => event.type === 'evicted' && event.why === 'expired' && event.provider === undefined), 'expired entries made room');
      const made = events.splice(0).length;
      await store.sweep();
      equal(events.at(-1), { type: 'swept', records: 10 - made, providers: 0, bytes: (10 - made) * 33 }, 'a sweep');
    },
  },
  {
    name: 'a listener stops with its disposable and with its signal',
    needs: ['values', 'events', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxValueBytes: 1 } });
      const heard: string[] = [];
      const controller = new AbortController();
      const one = store.on('rejected', () => void heard.push('one'));
      store.on('rejected', () => void heard.push('two'), { signal: controller.signal });
      store.on('rejected', () => void heard.push('never'), { signal: AbortSignal.abort() });
      await store.put(value('k', 'too long'));
      one[Symbol.dispose]();
      await store.put(value('k', 'too long'));
      controller.abort();
      await store.put(value('k', 'too long'));
      equal(heard, ['one', 'two', 'two'], 'who heard it');
    },
  },
  {
    name: 'stats count what is stored and what was done',
    needs: ['values', 'providers', 'stats', 'limits', 'local'],
    run: async (context) => {
      const store = await context.open({ limits: { maxValueBytes: 10 } });
      await store.put(value('k1', 'value'), { origin: 'o' });
      await store.put(value('k1', 'other'), { origin: 'o' });
      await store.put(value('k1', 'other'), { origin: 'o' });
      await store.put(value('k2', 'own', { publisher: context.localId }));
      await store.put(value('k3', 'much too long'));
      await store.addProvider(provider('k', 1, { addresses: ['12345'] }));
      await store.get(text('k1'));
      await store.get(text('nothing'));
      const stats = await store.stats();
      equal(stats.remote, { records: 1, bytes: 7 + 38, providedKeys: 1, providers: 1 }, 'remote');
      equal(stats.local, { records: 1, bytes: 37, providedKeys: 0, providers: 0 }, 'local');
      equal([stats.origins, stats.puts, stats.gets, stats.rejected['too-large']], [1, { inserted: 3, updated: 1, refreshed: 1 }, { hit: 1, miss: 1 }, 1], 'counters');
      await store.remove(text('k1'));
      await store.remove(text('k2'));
      await store.removeProvider(text('k'), id(1));
      const after = await store.stats();
      equal([after.remote, after.local, after.origins], [{ records: 0, bytes: 0, providedKeys: 0, providers: 0 }, { records: 0, bytes: 0, providedKeys: 0, providers: 0 }, 0], 'after removal');
    },
  },
];

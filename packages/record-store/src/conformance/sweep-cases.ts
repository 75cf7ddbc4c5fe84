import { check, equal } from './assertions.ts';
import { collect, id, INSERTED, numbers, provider, text, value, type Case } from './context.ts';

/** Sweeps, and races with them. */
export const SWEEP_CASES: readonly Case[] = [
  {
    name: 'a sweep removes what is expired, all of it and nothing else, and says what',
    needs: ['values', 'providers', 'sweep', 'scans', 'stats'],
    run: async (context) => {
      const store = await context.open({ limits: { maxRecords: 'unlimited' } });
      const { nowMs } = context.clock;
      await store.putMany(Array.from({ length: 700 }, (_, at) => value(id(at), 'v', { expires: nowMs + 1 + at })));
      for (let at = 0; at < 10; at++) await store.addProvider(provider('k', at, { addresses: [], expires: nowMs + 1 + 100 * at }));
      equal(await store.sweep(), { records: 0, providers: 0, bytes: 0, more: false }, 'while all live');
      context.clock.nowMs = nowMs + 350;
      equal(await store.sweep(), { records: 350, providers: 4, bytes: 350 * 33 + 4 * 33, more: false }, 'half of them');
      equal((await collect(store.records({ includeExpired: true }))).length, 350, 'records left');
      equal(numbers(await store.providers(text('k'))), [4, 5, 6, 7, 8, 9], 'providers left');
      const { remote } = await store.stats();
      equal([remote.records, remote.providers, remote.bytes], [350, 6, 356 * 33], 'stats');
      context.clock.nowMs = nowMs + 5000;
      equal((await store.sweep()).records, 350, 'the rest');
      equal((await store.stats()).remote, { records: 0, bytes: 0, providedKeys: 0, providers: 0 }, 'nothing is left');
    },
  },
  {
    name: 'a budget bounds a sweep, and more says that there is more',
    needs: ['values', 'sweep'],
    run: async (context) => {
      const store = await context.open();
      await store.putMany(Array.from({ length: 25 }, (_, at) => value(id(at), 'v', { expires: context.clock.nowMs + 1 })));
      context.clock.advance(1);
      const counts: number[] = [];
      for (;;) {
        const { records, more } = await store.sweep({ budget: 10 });
        counts.push(records);
        check(records <= 10, 'more than the budget was removed');
        if (!more) break;
      }
      equal(counts.reduce((sum, count) => sum + count, 0), 25, 'all in the end');
      equal(counts.length >= 3, true, 'at least three sweeps');
    },
  },
  {
    name: 'a record or provider that was announced again during a sweep stays',
    needs: ['values', 'providers', 'sweep'],
    run: async (context) => {
      const store = await context.open();
      const count = 300;
      for (let round = 0; round < 5; round++) {
        const expires = context.clock.nowMs + 10;
        await store.putMany(Array.from({ length: count }, (_, at) => value(id(at), 'v', { expires })));
        for (let at = 0; at < 20; at++) await store.addProvider(provider('k', at, { expires }));
        context.clock.nowMs = expires;
        const later = expires + 1_000_000;
        const again = Array.from({ length: count }, (_, at) => at).filter((at) => (at + round) % 3 === 0);
        await Promise.all([
          store.sweep(),
          ...again.map((at) => store.put(value(id(at), 'v', { expires: later }))),
          store.sweep(),
          ...[1, 7, 13].map((at) => store.addProvider(provider('k', at, { expires: later }))),
          store.sweep(),
        ]);
        for (const at of again) equal((await store.get(id(at)))?.expires, later, `record ${at} that was put again`);
        equal(numbers(await store.providers(text('k'))).toSorted((one, other) => one - other), [1, 7, 13], 'providers that were added again');
        for (let at = 0; at < count; at++) await store.remove(id(at));
        for (const at of [1, 7, 13]) await store.removeProvider(text('k'), id(at));
      }
    },
  },
  {
    name: 'an expiry that was prolonged counts, also many times, also after it was the earliest',
    needs: ['values', 'sweep'],
    run: async (context) => {
      const store = await context.open();
      const { nowMs } = context.clock;
      for (let at = 0; at < 20; at++) await store.put(value(id(at), 'v', { expires: nowMs + 10 + at }));
      for (let step = 1; step <= 5; step++) await store.put(value(id(0), 'v', { expires: nowMs + 10 + 100 * step }));
      await store.put(value(id(19), 'v', { expires: nowMs + 5 }));
      context.clock.nowMs = nowMs + 5;
      equal((await store.sweep()).records, 1, 'the one that was shortened');
      context.clock.nowMs = nowMs + 400;
      equal((await store.sweep()).records, 18, 'those between');
      equal((await store.get(id(0)))?.expires, nowMs + 510, 'the one that was prolonged');
      context.clock.nowMs = nowMs + 510;
      equal((await store.sweep()).records, 1, 'the last one');
    },
  },
  {
    name: 'puts at the cap at the same time do not pass it',
    needs: ['values', 'limits', 'scans'],
    run: async (context) => {
      for (let round = 0; round < 3; round++) {
        const store = await context.open({ limits: { maxRecords: 10, perOrigin: { maxRecords: 4 } } });
        const results = await Promise.all(Array.from({ length: 60 }, (_, at) => store.put(value(id(at), 'v'), { origin: `o${at % 4}` })));
        equal(results.filter(({ outcome }) => outcome === 'inserted').length, 10, 'inserted');
        equal((await collect(store.records())).length, 10, 'stored');
      }
    },
  },
  {
    name: 'providers at a full key and puts of one key at the same time leave one state',
    needs: ['values', 'providers', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidersPerKey: 5 } });
      await Promise.all(Array.from({ length: 60 }, (_, at) => store.addProvider(provider('k', at), { origin: `o${at}` })));
      equal((await store.providers(text('k'), { limit: 100 })).length, 5, 'providers');
      const results = await Promise.all(Array.from({ length: 30 }, (_, at) => store.put(value('one', `v${at}`))));
      equal(results.filter(({ outcome }) => outcome === 'inserted').length, 1, 'one of the puts inserts');
      check((await store.get(text('one'))) !== undefined, 'the record is there');
      const absent = await Promise.all(Array.from({ length: 10 }, (_, at) => store.put(value('two', `v${at}`), { ifVersion: 'absent' })));
      equal(absent.filter(({ outcome }) => outcome === 'inserted').length, 1, 'one of the puts that want it absent');
    },
  },
  {
    name: 'providers that were replaced by a policy leave no trace in the counts',
    needs: ['providers', 'limits', 'stats', 'sweep'],
    run: async (context) => {
      for (const fullKey of ['incumbents', 'random', 'closest', 'diverse'] as const) {
        const store = await context.open({ policies: { fullKey }, limits: { maxProvidersPerKey: 3, perOrigin: { maxProviders: 'unlimited' } } });
        for (let at = 0; at < 50; at++) await store.addProvider(provider('k', at, { addresses: [`192.${at}.2.1:1`], expires: context.clock.nowMs + 100 }), { origin: `o${at % 9}` });
        const list = await store.providers(text('k'), { limit: 100 });
        const { remote, origins } = await store.stats();
        equal([list.length, remote.providers, remote.providedKeys], [3, 3, 1], `counts with ${fullKey}`);
        check(origins >= 1 && origins <= 3, `origins with ${fullKey}: ${origins}`);
        context.clock.advance(100);
        equal((await store.sweep()).providers, 3, `swept with ${fullKey}`);
        equal((await store.stats()).remote, { records: 0, bytes: 0, providedKeys: 0, providers: 0 }, `nothing is left with ${fullKey}`);
        equal(await store.addProvider(provider('k', 1)), INSERTED, 'and there is room');
      }
    },
  },
];

import type { Validator } from '../validators/validator.ts';
import { equal } from './assertions.ts';
import { collect, id, INSERTED, numbers, provider, REFRESHED, rejected, text, UPDATED, value, type Case, type CaseContext } from './context.ts';
import type { RecordStoreOptions } from '../options.ts';
import type { RecordStore } from '../record-store.ts';

const ranked: Validator = { validate: (record) => ({ valid: true, rank: record.value.subarray(0, 1) }) };

async function reopened(context: CaseContext, store: RecordStore, overrides: Partial<RecordStoreOptions> = {}): Promise<RecordStore> {
  await store.close();
  return context.keep(await context.harness.reopen!(store, context.options(overrides)));
}

/** For stores that keep what they hold: registered where the harness can reopen. */
export const REOPEN_CASES: readonly Case[] = [
  {
    name: 'reopened: records and providers are there with all they had, in order',
    needs: ['values', 'providers', 'scans', 'local'],
    run: async (context) => {
      const store = await context.open();
      const records = Array.from({ length: 50 }, (_, at) => value(context.random.bytes(5), context.random.bytes(at), { expires: context.clock.nowMs + 1000 + at, ...(at % 2 === 0 ? { publisher: id(at) } : {}) }));
      await store.putMany(records);
      const own = { key: text('k'), provider: context.localId, addresses: ['here'] };
      await store.addProvider(provider('k', 3));
      await store.addProvider(provider('k', 1));
      await store.addProvider(own);
      await store.addProvider(provider('k', 2, { addresses: ['a', 'ü', ''], expires: context.clock.nowMs + 5 }));
      const before = { records: await collect(store.records()), providers: await store.providers(text('k')) };
      const again = await reopened(context, store);
      equal(await collect(again.records()), before.records, 'records');
      equal(await again.providers(text('k')), before.providers, 'providers');
      equal(await collect(again.provided()), [own], 'provided');
      for (const record of records) equal(await again.get(record.key), record, 'a record');
    },
  },
  {
    name: 'reopened: limits and quotas count what was there, and ranks still decide',
    needs: ['values', 'providers', 'limits', 'validators', 'stats', 'local'],
    run: async (context) => {
      const overrides = { limits: { maxRecords: 3, maxProvidersPerKey: 2, maxProvidedKeys: 1, perOrigin: { maxRecords: 2 } }, validators: { default: ranked }, policies: { fullKey: 'incumbents' } } as const;
      const store = await context.open(overrides);
      for (let at = 0; at < 2; at++) await store.put(value(`o${at}`, Uint8Array.of(5)), { origin: 'o' });
      await store.put(value('p', Uint8Array.of(5)), { origin: 'p' });
      await store.put(value('own', Uint8Array.of(5), { publisher: context.localId }));
      for (let at = 0; at < 2; at++) await store.addProvider(provider('k', at));
      const before = await store.stats();
      const again = await reopened(context, store, overrides);
      const after = await again.stats();
      equal([after.local, after.remote, after.origins], [before.local, before.remote, before.origins], 'usage');
      equal(await again.put(value('q', Uint8Array.of(5)), { origin: 'q' }), rejected('at-capacity'), 'the cap');
      await again.remove(text('p'));
      equal(await again.put(value('o2', Uint8Array.of(5)), { origin: 'o' }), rejected('quota'), 'the quota');
      equal(await again.put(value('o0', Uint8Array.of(4)), { origin: 'o' }), rejected('stale'), 'a lower rank');
      equal(await again.put(value('o0', Uint8Array.of(6)), { origin: 'o' }), UPDATED, 'a higher rank');
      equal(await again.addProvider(provider('k', 2)), rejected('key-full'), 'the full key');
      equal(await again.addProvider(provider('l', 2)), rejected('at-capacity'), 'the cap of keys');
      equal(await again.put(value('own', Uint8Array.of(5), { publisher: context.localId })), REFRESHED, 'the local one');
    },
  },
  {
    name: 'reopened: what expired meanwhile is not served, makes room and is swept',
    needs: ['values', 'providers', 'sweep', 'limits', 'stats', 'scans'],
    run: async (context) => {
      const overrides = { limits: { maxRecords: 4 } };
      const store = await context.open(overrides);
      const expires = context.clock.nowMs + 1000;
      for (let at = 0; at < 4; at++) await store.put(value(`k${at}`, 'v', { expires: expires + at }));
      await store.addProvider(provider('k', 1, { expires }));
      await store.close();
      context.clock.nowMs = expires + 1;
      const again = context.keep(await context.harness.reopen!(store, context.options(overrides)));
      equal(await again.get(text('k0')), undefined, 'an expired record');
      equal((await collect(again.records())).length, 2, 'records that live');
      equal(await again.providers(text('k')), [], 'providers that live');
      equal(await again.put(value('new')), INSERTED, 'room for a new one');
      context.clock.nowMs = expires + 1_000_000_000;
      await again.sweep();
      equal((await again.stats()).remote, { records: 0, bytes: 0, providedKeys: 0, providers: 0 }, 'nothing is left');
    },
  },
  {
    name: 'reopened: a token of the schedule goes on where it was',
    needs: ['values', 'schedule'],
    run: async (context) => {
      const overrides = { republish: { replicateMs: 3_600_000 } };
      const store = await context.open(overrides);
      for (let at = 0; at < 40; at++) await store.put(value(id(at)));
      context.clock.advance(7_200_000);
      const whole = (await collect(store.due(context.clock.nowMs))).map(({ token }) => token);
      const again = await reopened(context, store, overrides);
      equal((await collect(again.due(context.clock.nowMs, { after: whole[20]! }))).map(({ token }) => token), whole.slice(21), 'the rest');
    },
  },
  {
    name: 'reopened many times: removals and replacements hold',
    needs: ['values', 'providers', 'stats', 'limits'],
    run: async (context) => {
      const overrides = { limits: { maxProvidersPerKey: 3 }, policies: { fullKey: { name: 'oldest goes', choose: () => 0 } } };
      let store = await context.open(overrides);
      for (let round = 0; round < 4; round++) {
        for (let at = 0; at < 5; at++) await store.put(value(`k${at}`, `round ${round}`));
        await store.remove(text(`k${round}`));
        for (let at = 0; at < 5; at++) await store.addProvider(provider('p', 10 * round + at));
        store = await reopened(context, store, overrides);
        equal(await store.get(text(`k${round}`)), undefined, 'the removed one');
        equal((await store.get(text('k4')))?.value, text(`round ${round}`), 'the newest');
        equal(numbers(await store.providers(text('p'))), [2, 3, 4].map((at) => 10 * round + at), 'the newest providers');
        const { remote } = await store.stats();
        equal([remote.records, remote.providers, remote.providedKeys], [4, 3, 1], 'usage');
      }
    },
  },
];

/** For stores of which one node has all: registered where the harness can reopen, and the store is not shared. */
export const RENAMED_CASES: readonly Case[] = [
  {
    name: 'reopened under another localId: what the old one called its own is others’, and ends as theirs does',
    needs: ['values', 'providers', 'local', 'stats', 'schedule', 'sweep'],
    run: async (context) => {
      const store = await context.open();
      const [old, now] = [context.localId, id(0xfe)];
      const by = (provider: Uint8Array, address = 'here'): Parameters<typeof store.addProvider>[0] => ({ key: text('k'), provider, addresses: [address] });
      await store.addProvider(by(old));
      // What others said of an id that was not this node's then.
      await store.addProvider({ ...by(now, 'rumour'), key: text('l') }, { origin: 'o' });
      await store.put(value('r', 'v', { publisher: old }));
      const stored = context.clock.nowMs;
      context.clock.advance(1000);
      let again = await reopened(context, store, { localId: now });
      for (let round = 0; round < 2; round++) {
        const { local, remote } = await again.stats();
        equal([local.records, local.providers, local.providedKeys], [0, round, round], `local, round ${round}`);
        equal(remote.records, 1, `remote records, round ${round}`);
        equal(await again.addProvider(by(now)), round === 0 ? INSERTED : REFRESHED, `its own provider, round ${round}`);
        equal((await again.providers(text('k'))).map(({ provider }) => provider), [now, old], `providers, round ${round}`);
        equal((await collect(again.provided())).map(({ key, provider }) => [key, provider]), [[text('k'), now]], `provided, round ${round}`);
        const kinds = (await collect(again.due(context.clock.nowMs + 100 * 3_600_000))).map(({ kind }) => kind).toSorted();
        equal(kinds, ['provide', 'replicate'], `due, round ${round}`);
        equal((await again.get(text('r')))?.expires, stored + 172_800_000, `the end of the record, round ${round}`);
        context.clock.advance(1000);
        again = await reopened(context, again, { localId: now });
      }
      equal(await again.addProvider(by(old, 'elsewhere'), { origin: 'o' }), UPDATED, 'others speak for the old one');
      equal(await again.addProvider({ ...by(now), key: text('l') }), INSERTED, 'this node speaks for itself');
      equal((await again.providers(text('l'))).map(({ addresses }) => addresses), [['here']], 'what it said');
      context.clock.nowMs = stored + 172_800_000;
      equal(await again.get(text('r')), undefined, 'the record in the end');
    },
  },
];

/** For stores that several processes share: registered where the harness can open a second one. */
export const SHARED_CASES: readonly Case[] = [
  {
    name: 'shared: what one writes the other reads, and closing one leaves the other',
    needs: ['values', 'providers', 'scans'],
    run: async (context) => {
      const one = await context.open();
      const other = context.keep(await context.harness.openSecond!(one, context.options({ localId: id(0xfe) })));
      await one.put(value('k', 'one'));
      equal((await other.get(text('k')))?.value, text('one'), 'read by the other');
      equal(await other.put(value('k', 'two')), UPDATED, 'updated by the other');
      equal((await one.get(text('k')))?.value, text('two'), 'read by the one');
      await other.addProvider(provider('p', 1));
      equal(numbers(await one.providers(text('p'))), [1], 'a provider');
      await one.close();
      equal((await collect(other.records())).length, 1, 'after the one was closed');
    },
  },
  {
    name: 'shared: limits are those of all together, also when both put at the same time',
    needs: ['values', 'providers', 'limits', 'stats'],
    run: async (context) => {
      const overrides = { limits: { maxRecords: 20, maxProvidersPerKey: 5, perOrigin: { maxRecords: 8 } } };
      const one = await context.open(overrides);
      const other = context.keep(await context.harness.openSecond!(one, context.options({ ...overrides, localId: id(0xfe) })));
      const results = await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? one : other).put(value(id(at), 'v'), { origin: `o${at % 3}` })));
      equal(results.filter(({ outcome }) => outcome === 'inserted').length, 20, 'inserted');
      await Promise.all(Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? one : other).addProvider(provider('k', at), { origin: `p${at}` })));
      equal((await one.providers(text('k'), { limit: 100 })).length, 5, 'providers');
      const [a, b] = [await one.stats(), await other.stats()];
      equal([a.remote, a.origins], [b.remote, b.origins], 'both see the same usage');
      equal(a.remote.records, 20, 'records');
    },
  },
  {
    name: 'shared: both sweep and write at the same time, and every count is right in the end',
    needs: ['values', 'limits', 'sweep', 'stats', 'scans'],
    run: async (context) => {
      const one = await context.open({ limits: { maxRecords: 'unlimited' } });
      const other = context.keep(await context.harness.openSecond!(one, context.options({ limits: { maxRecords: 'unlimited' } })));
      const expires = context.clock.nowMs + 10;
      await one.putMany(Array.from({ length: 500 }, (_, at) => value(id(at), 'v', { expires })));
      context.clock.nowMs = expires;
      await Promise.all([one.sweep(), other.sweep(), one.putMany(Array.from({ length: 100 }, (_, at) => value(id(5 * at), 'w'))), other.sweep()]);
      equal((await collect(other.records({ includeExpired: true }))).length, 100, 'records');
      equal((await one.stats()).remote.records, 100, 'counted');
    },
  },
];

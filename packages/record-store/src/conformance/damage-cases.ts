import type { RecordStore } from '../record-store.ts';
import { check, equal, rejects } from './assertions.ts';
import { collect, id, INSERTED, numbers, provider, text, value, type Case, type CaseContext } from './context.ts';

const expires = (context: CaseContext): { expires: number } => ({ expires: context.clock.nowMs + 1000 });
const keysOf = async (store: RecordStore): Promise<string[]> => (await collect(store.records({ includeExpired: true }))).map(({ key }) => new TextDecoder().decode(key));

/** Three records, of which the one in the middle cannot be read. */
async function withDamagedRecord(context: CaseContext): Promise<RecordStore> {
  const store = await context.open({ limits: { maxRecords: 3 } });
  for (const name of ['a', 'bad', 'c']) await store.put(value(name, 'value', { ...expires(context), publisher: text('p') }), { origin: 'o' });
  await context.harness.damage!(store, text('bad'));
  return store;
}

/** Counts are what is there, and nothing once that is gone. In between bytes may be estimates: what a damaged row held is not to be known. */
async function counted(context: CaseContext, store: RecordStore, records: number, providers: number): Promise<void> {
  const { remote } = await store.stats();
  equal([remote.records, remote.providers], [records, providers], 'records and providers that are counted');
  context.clock.advance(10_000_000_000);
  await store.sweep();
  const { local, remote: left, origins } = await store.stats();
  const nothing = { records: 0, bytes: 0, providedKeys: 0, providers: 0 };
  equal([local, left, origins], [nothing, nothing, 0], 'counted when everything has been swept');
}

/** For stores whose rows can be spoiled: registered where the harness has `damage`. */
export const DAMAGE_CASES: readonly Case[] = [
  {
    name: 'damaged: a record that cannot be read says so; scans and the schedule go on without it',
    needs: ['values', 'scans', 'schedule'],
    run: async (context) => {
      const store = await withDamagedRecord(context);
      await rejects(() => store.get(text('bad')), { code: 'RECORD_STORE_CORRUPT' }, 'get');
      equal(await keysOf(store), ['a', 'c'], 'records');
      equal((await collect(store.records({ after: text('a') }))).length, 1, 'records after the first');
      await collect(store.due(context.clock.nowMs + 1));
      equal((await store.get(text('c')))?.value, text('value'), 'another');
    },
  },
  {
    name: 'damaged: a put replaces a record that cannot be read, beside others at the same time',
    needs: ['values', 'scans', 'stats', 'sweep', 'limits'],
    run: async (context) => {
      const store = await withDamagedRecord(context);
      await store.remove(text('c'));
      const results = await Promise.all(['n', 'bad', 'a'].map((name) => store.put(value(name, 'new', expires(context)), { origin: 'o' })));
      equal(results.map(({ outcome }) => outcome), ['inserted', 'inserted', 'updated'], 'three puts');
      equal((await store.get(text('bad')))?.value, text('new'), 'the record');
      equal(await keysOf(store), ['a', 'bad', 'n'], 'records');
      await counted(context, store, 3, 0);
    },
  },
  {
    name: 'damaged: a record that cannot be read can be removed, though nobody knows whose it is',
    needs: ['values', 'scans', 'stats', 'sweep', 'limits'],
    run: async (context) => {
      const store = await withDamagedRecord(context);
      equal(await store.remove(text('bad'), { ifPublisher: text('somebody else') }), false, 'by publisher');
      equal(await store.remove(text('bad')), true, 'remove');
      equal(await store.remove(text('bad')), false, 'remove again');
      equal(await store.get(text('bad')), undefined, 'get');
      equal(await store.put(value('d', 'value', expires(context)), { origin: 'o' }), INSERTED, 'its place is free');
      await counted(context, store, 3, 0);
    },
  },
  {
    name: 'damaged: a record that cannot be read neither stops a sweep nor keeps its place when it has expired',
    needs: ['values', 'stats', 'sweep', 'limits'],
    run: async (context) => {
      const swept = await withDamagedRecord(context);
      context.clock.advance(1000);
      await swept.sweep();
      const full = await withDamagedRecord(context);
      context.clock.advance(1000);
      for (const name of ['x', 'y', 'z']) equal(await full.put(value(name, 'value', expires(context)), { origin: 'o' }), INSERTED, name);
      await counted(context, full, 3, 0);
    },
  },
  {
    name: 'damaged: a provider that cannot be read is replaced, removed and swept, and others are served',
    needs: ['providers', 'stats', 'sweep', 'limits', 'local'],
    run: async (context) => {
      const store = await context.open({ limits: { maxProvidedKeys: 3 } });
      const names = ['a', 'b', 'c'];
      for (const [at, name] of names.entries()) await store.addProvider(provider(name, at, expires(context)), { origin: 'o' });
      for (const [at, name] of ['a', 'b'].entries()) await context.harness.damage!(store, text(name), id(at));
      equal(numbers(await store.providers(text('c'))), [2], 'another');
      const again = await store.addProvider(provider('a', 0, expires(context)), { origin: 'o' });
      check(again.outcome !== 'rejected', 'added again');
      equal(await store.providers(text('a')), [provider('a', 0, expires(context))], 'the one that was added again');
      equal(await store.removeProvider(text('b'), id(1)), true, 'remove');
      equal(await store.providers(text('b')), [], 'after removal');
      equal(await store.addProvider(provider('d', 3, expires(context)), { origin: 'o' }), INSERTED, 'its place is free');
      // Before the next is damaged: a store may count everything anew at any time until it is asked, and leave that one out.
      equal((await store.stats()).remote.providers, 3, 'providers that are counted');
      await context.harness.damage!(store, text('c'), id(2));
      await counted(context, store, 0, 3);
    },
  },
  {
    name: 'damaged: this node’s own that cannot be read stop neither the list of what it provides nor adding them again',
    needs: ['providers', 'values', 'local', 'stats', 'schedule'],
    run: async (context) => {
      const store = await context.open();
      const own = (name: string): Parameters<typeof store.addProvider>[0] => ({ key: text(name), provider: context.localId, addresses: ['here'] });
      for (const name of ['a', 'b']) {
        await store.addProvider(own(name));
        await store.put(value(name, 'v', { publisher: context.localId }));
      }
      await context.harness.damage!(store, text('a'), context.localId);
      await context.harness.damage!(store, text('a'));
      check((await collect(store.provided())).some(({ key }) => key[0] === text('b')[0]), 'the other is provided');
      await collect(store.due(context.clock.nowMs + 1_000_000_000));
      await store.addProvider(own('a'));
      await store.put(value('a', 'v', { publisher: context.localId }));
      equal((await collect(store.provided())).length, 2, 'provided');
      const { records, providedKeys, providers } = (await store.stats()).local;
      equal([records, providedKeys, providers], [2, 2, 2], 'counted');
      await store.removeProvider(text('b'), context.localId);
      equal((await collect(store.provided())).map(({ key }) => key), [text('a')], 'after removal');
    },
  },
];

/** The same after a restart: registered where the harness can reopen too. */
export const REOPENED_DAMAGE_CASES: readonly Case[] = [
  {
    name: 'damaged, reopened: what cannot be read is left out, says so, and can be removed and replaced',
    needs: ['values', 'scans', 'stats', 'sweep', 'limits'],
    run: async (context) => {
      const store = await withDamagedRecord(context);
      await context.harness.damage!(store, text('c'));
      await store.close();
      const again = context.keep(await context.harness.reopen!(store, context.options({ limits: { maxRecords: 3 } })));
      equal(await keysOf(again), ['a'], 'records');
      for (const name of ['bad', 'c']) await rejects(() => again.get(text(name)), { code: 'RECORD_STORE_CORRUPT' }, `get of ${name}`);
      equal(await again.remove(text('bad')), true, 'remove');
      equal(await again.get(text('bad')), undefined, 'get after removal');
      equal(await again.put(value('c', 'new', expires(context)), { origin: 'o' }), INSERTED, 'put');
      equal(await keysOf(again), ['a', 'c'], 'records in the end');
      await counted(context, again, 2, 0);
    },
  },
];

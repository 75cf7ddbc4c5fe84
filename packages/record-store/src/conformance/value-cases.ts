import { check, equal, rejects } from './assertions.ts';
import { collect, INSERTED, REFRESHED, rejected, text, UPDATED, value, type Case } from './context.ts';

const needs = ['values'] as const;

/** Points: put, get, remove. */
export const VALUE_CASES: readonly Case[] = [
  {
    name: 'what was put is got, all of it; what was removed is gone',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (let round = 0; round < 40; round++) {
        const record = value(context.random.bytes(1 + context.random.integer(64)), context.random.bytes(context.random.integer(600)), {
          expires: context.clock.nowMs + 1 + context.random.integer(1_000_000),
          ...(round % 2 === 0 ? { publisher: context.random.bytes(32) } : {}),
        });
        equal(await store.put(record), INSERTED, 'first put');
        equal(await store.get(record.key), record, 'the record');
        equal(await store.remove(record.key), true, 'first remove');
        equal(await store.get(record.key), undefined, 'after remove');
        equal(await store.remove(record.key), false, 'second remove');
      }
    },
  },
  {
    name: 'a put over a record updates it, the same again refreshes it',
    needs,
    run: async (context) => {
      const store = await context.open();
      const { nowMs } = context.clock;
      equal(await store.put(value('k', 'one', { expires: nowMs + 100 })), INSERTED, 'first');
      equal(await store.put(value('k', 'two', { expires: nowMs + 200 })), UPDATED, 'another value');
      equal(await store.get(text('k')), value('k', 'two', { expires: nowMs + 200 }), 'the newer');
      equal(await store.put(value('k', 'two', { expires: nowMs + 300 })), REFRESHED, 'the same value');
      equal(await store.get(text('k')), value('k', 'two', { expires: nowMs + 300 }), 'refreshed expiry');
    },
  },
  {
    name: 'an empty value and keys with every byte are records like others',
    needs,
    run: async (context) => {
      const store = await context.open();
      const keys = [new Uint8Array([0]), new Uint8Array([0, 0]), new Uint8Array([0xff]), new Uint8Array([0xff, 0]), Uint8Array.from({ length: 256 }, (_, at) => at), text('/a/../b'), text('*'), text('{tag}')];
      for (const [at, key] of keys.entries()) equal(await store.put(value(key, new Uint8Array(at === 0 ? 0 : at))), INSERTED, `key ${at}`);
      for (const [at, key] of keys.entries()) equal((await store.get(key))?.value.length, at === 0 ? 0 : at, `value ${at}`);
    },
  },
  {
    name: 'keys of which one starts with the other do not touch each other',
    needs,
    run: async (context) => {
      const store = await context.open();
      await store.put(value('cidaaa', 'short'));
      await store.put(value('cidaaab', 'long'));
      equal(await store.remove(text('cidaaa')), true, 'remove the shorter');
      equal((await store.get(text('cidaaab')))?.value, text('long'), 'the longer one');
      equal(await store.get(text('cidaaa')), undefined, 'the shorter one');
    },
  },
  {
    name: 'long keys that differ in their last byte are different keys',
    needs: ['values', 'providers', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const keys = [0, 1, 255].map((last) => new Uint8Array(1024).fill(7).fill(last, 1023));
      for (const [at, key] of keys.entries()) equal(await store.put(value(key, `v${at}`)), INSERTED, `key ${at}`);
      for (const [at, key] of keys.entries()) equal((await store.get(key))?.value, text(`v${at}`), `value ${at}`);
      equal((await collect(store.records({ after: keys[0]! }))).map(({ key }) => key), keys.slice(1), 'those after the first');
      for (const key of keys) await store.addProvider({ key, provider: key.subarray(800), addresses: [] });
      for (const key of keys) equal((await store.providers(key)).map((record) => record.provider), [key.subarray(800)], 'providers');
      equal(await store.remove(keys[1]!), true, 'remove');
      equal((await collect(store.records())).length, 2, 'records left');
    },
  },
  {
    name: 'remove with ifPublisher takes only that publisher’s record',
    needs,
    run: async (context) => {
      const store = await context.open();
      await store.put(value('k', 'v', { publisher: text('alice') }));
      await store.put(value('nobody', 'v'));
      equal(await store.remove(text('k'), { ifPublisher: text('bob') }), false, 'another publisher');
      equal(await store.remove(text('nobody'), { ifPublisher: text('bob') }), false, 'no publisher');
      check((await store.get(text('k'))) !== undefined, 'the record must still be there');
      equal(await store.remove(text('k'), { ifPublisher: text('alice') }), true, 'its publisher');
    },
  },
  {
    name: 'putMany answers for each record in order, refusals among them',
    needs: ['values', 'limits'],
    run: async (context) => {
      const store = await context.open({ limits: { maxValueBytes: 4 } });
      const results = await store.putMany([value('a', 'one'), value('b', 'too long'), value('a', 'one'), value('a', 'two'), value('c', 'x', { expires: context.clock.nowMs })]);
      equal(results, [INSERTED, rejected('too-large'), REFRESHED, UPDATED, rejected('expired')], 'results');
      equal((await store.get(text('a')))?.value, text('two'), 'the last one');
      equal(await store.putMany([]), [], 'nothing');
    },
  },
  {
    name: 'ifVersion puts only over what it names',
    needs,
    run: async (context) => {
      const store = await context.open();
      equal(await store.put(value('k', 'one'), { ifVersion: text('zero') }), rejected('conflict'), 'there is none');
      equal(await store.put(value('k', 'one'), { ifVersion: 'absent' }), INSERTED, 'absent');
      equal(await store.put(value('k', 'two'), { ifVersion: 'absent' }), rejected('conflict'), 'not absent any more');
      equal(await store.put(value('k', 'two'), { ifVersion: text('zero') }), rejected('conflict'), 'another version');
      equal(await store.put(value('k', 'two'), { ifVersion: text('one') }), UPDATED, 'this version');
      equal((await store.get(text('k')))?.value, text('two'), 'the value');
    },
  },
  {
    name: 'mistakes of the caller are TypeErrors and change nothing',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const wrong: (() => Promise<unknown>)[] = [
        () => store.get('text' as unknown as Uint8Array),
        () => store.get(new Uint8Array(0)),
        () => store.put({ key: text('k') } as unknown as ReturnType<typeof value>),
        () => store.put(value('k', 'v', { expires: Number.NaN })),
        () => store.put(value('k', 'v', { expires: -1 })),
        () => store.put(value('k', 'v'), { origin: '' }),
        () => store.putMany([value('good'), value(new Uint8Array(0))]),
        () => store.remove(new Uint8Array(0)),
      ];
      for (const [at, call] of wrong.entries()) await rejects(call, { is: TypeError }, `call ${at}`);
      equal(await collect(store.records()), [], 'records');
    },
  },
  {
    name: 'after close every call rejects with RECORD_STORE_CLOSED; closing again does nothing',
    needs,
    run: async (context) => {
      const store = await context.open();
      await store.put(value('k'));
      await store.close();
      await store.close();
      await store[Symbol.asyncDispose]();
      const calls = [() => store.get(text('k')), () => store.put(value('k')), () => store.putMany([value('k')]), () => store.remove(text('k')), () => collect(store.records())];
      for (const [at, call] of calls.entries()) await rejects(call, { code: 'RECORD_STORE_CLOSED' }, `call ${at}`);
    },
  },
];

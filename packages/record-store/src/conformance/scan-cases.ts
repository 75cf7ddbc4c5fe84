import { compareBytes } from '../core/bytes.ts';
import type { RecordsOptions, ValueRecord } from '../types.ts';
import type { RecordStore } from '../record-store.ts';
import { check, equal, rejects } from './assertions.ts';
import { collect, id, text, value, type Case, type CaseContext } from './context.ts';

const needs = ['values', 'scans'] as const;

async function filled(context: CaseContext, count: number): Promise<{ store: RecordStore; keys: Uint8Array[] }> {
  const store = await context.open({ limits: { maxRecords: 'unlimited' } });
  const keys = new Map<string, Uint8Array>();
  while (keys.size < count) {
    const key = context.random.bytes(1 + context.random.integer(6));
    keys.set(key.join(), key);
  }
  await store.putMany([...keys.values()].map((key) => value(key, key)));
  return { store, keys: [...keys.values()].sort(compareBytes) };
}

/** Scans: ordered, resumable, steady while others write. */
export const SCAN_CASES: readonly Case[] = [
  {
    name: 'records come in ascending order of their bytes, each once, whole',
    needs,
    run: async (context) => {
      const { store, keys } = await filled(context, 300);
      const records = await collect(store.records());
      equal(records.map(({ key }) => key), keys, 'keys');
      check(records.every(({ key, value: content }) => compareBytes(key, content) === 0), 'every record has its own value');
    },
  },
  {
    name: 'prefix, after and limit choose; pages put together are the whole',
    needs,
    run: async (context) => {
      const { store, keys } = await filled(context, 200);
      const scan = async (options: RecordsOptions): Promise<Uint8Array[]> => (await collect(store.records(options))).map(({ key }) => key);
      for (const prefix of [keys[0]!.subarray(0, 1), keys[100]!.subarray(0, 1), keys[100]!, Uint8Array.of(0xff)]) {
        equal(await scan({ prefix }), keys.filter((key) => compareBytes(key.subarray(0, prefix.length), prefix) === 0), `prefix ${prefix.join()}`);
      }
      equal(await scan({ prefix: new Uint8Array(0) }), keys, 'an empty prefix');
      for (const after of [keys[0]!, keys[99]!, keys.at(-1)!, Uint8Array.of(0x80), Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)]) {
        equal(await scan({ after }), keys.filter((key) => compareBytes(key, after) > 0), `after ${after.join()}`);
      }
      equal(await scan({ limit: 0 }), [], 'limit 0');
      equal(await scan({ limit: 7, after: keys[10]! }), keys.slice(11, 18), 'limit and after');
      equal(await scan({ prefix: keys[50]!.subarray(0, 1), after: keys[50]!, limit: 3 }), keys.slice(51).filter((key) => key[0] === keys[50]![0]).slice(0, 3), 'all three');
      const paged: Uint8Array[] = [];
      for (;;) {
        const page = await scan({ limit: 9, ...(paged.length === 0 ? {} : { after: paged.at(-1)! }) });
        paged.push(...page);
        if (page.length < 9) break;
      }
      equal(paged, keys, 'pages of nine');
    },
  },
  {
    name: 'a limit counts records that live',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (let at = 0; at < 10; at++) await store.put(value(`k${at}`, 'v', { expires: context.clock.nowMs + (at % 2 === 0 ? 10 : 1000) }));
      context.clock.advance(10);
      equal((await collect(store.records({ limit: 3 }))).map(({ key }) => new TextDecoder().decode(key)), ['k1', 'k3', 'k5'], 'the first three that live');
      equal((await collect(store.records({ limit: 3, includeExpired: true }))).length, 3, 'with expired ones');
    },
  },
  {
    name: 'a scan goes on while records come and go: what stays is seen once, in order, and nothing twice',
    needs,
    run: async (context) => {
      const { store, keys } = await filled(context, 400);
      const stays = new Set(keys.filter((_, at) => at % 3 !== 0).map((key) => key.join()));
      const seen: ValueRecord[] = [];
      let round = 0;
      for await (const record of store.records()) {
        seen.push(record);
        const gone = keys[3 * round];
        if (gone !== undefined) await store.remove(gone);
        await store.put(value(context.random.bytes(8), 'new'));
        const updated = keys[3 * round + 1];
        if (updated !== undefined) await store.put(value(updated, 'updated'));
        round += 1;
        if (round > 5000) throw new Error('the scan does not end');
      }
      for (const [at, { key }] of seen.entries()) check(at === 0 || compareBytes(seen[at - 1]!.key, key) < 0, 'the order is broken, or a record came twice');
      const found = new Set(seen.map(({ key }) => key.join()));
      for (const key of stays) check(found.has(key), `a record that was there all the time was not seen: ${key}`);
    },
  },
  {
    name: 'a scan that is left early leaves nothing behind',
    needs,
    run: async (context) => {
      const { store } = await filled(context, 50);
      for (let round = 0; round < 20; round++) {
        for await (const record of store.records()) if (record.key.length > 0) break;
      }
      await store.put(value(id(1)));
      await store.close();
    },
  },
  {
    name: 'two scans at a time do not disturb each other',
    needs,
    run: async (context) => {
      const { store, keys } = await filled(context, 100);
      const [one, other] = await Promise.all([collect(store.records()), collect(store.records({ limit: 60 }))]);
      equal([one.length, other.length], [100, 60], 'counts');
      equal(other.map(({ key }) => key), keys.slice(0, 60), 'the limited one');
    },
  },
  {
    name: 'a store that is closed during a scan ends it with RECORD_STORE_CLOSED',
    needs,
    run: async (context) => {
      const { store } = await filled(context, 50);
      await rejects(
        async () => {
          let seen = 0;
          for await (const record of store.records()) {
            seen += record.key.length;
            await store.close();
          }
          return seen;
        },
        { code: 'RECORD_STORE_CLOSED' },
        'the scan',
      );
    },
  },
  {
    name: 'mistakes in the options of a scan are TypeErrors',
    needs,
    run: async (context) => {
      const store = await context.open();
      for (const options of [{ prefix: 'text' }, { after: 3 }, { limit: -1 }, { limit: Number.NaN }]) await rejects(async () => collect(store.records(options as unknown as RecordsOptions)), { is: TypeError }, JSON.stringify(options));
      equal(await collect(store.records({ after: text('a'), prefix: text('a') })), [], 'nothing is no mistake');
    },
  },
];

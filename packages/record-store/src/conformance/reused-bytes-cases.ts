import type { Validator } from '../validators/validator.ts';
import { equal } from './assertions.ts';
import { collect, id, INSERTED, rejected, text, UPDATED, value, type Case } from './context.ts';

/** Says yes to `good` alone, and looks only after a while. */
const slowlyGood: Validator = {
  validate: async (record) => {
    await Promise.resolve();
    return new TextDecoder().decode(record.value) === 'good' ? { valid: true } : { valid: false, reason: 'invalid' };
  },
};
const byFirstByte: Validator = { validate: (record) => ({ valid: true, rank: record.value.subarray(0, 1) }) };
const bad = (bytes: Uint8Array): Uint8Array => bytes.fill('x'.charCodeAt(0));

/** Callers that use their bytes again as soon as a call has returned its promise. */
export const REUSED_BYTES_CASES: readonly Case[] = [
  {
    name: 'bytes that change while putMany is under way: what was handed over is stored',
    needs: ['values'],
    run: async (context) => {
      const store = await context.open();
      const records = [value('k', 'one', { publisher: text('p') }), value('l', 'two')];
      const putting = store.putMany(records);
      for (const record of records) for (const bytes of [record.key, record.value, record.publisher]) if (bytes !== undefined) bad(bytes);
      equal(await putting, [INSERTED, INSERTED], 'results');
      const stored = await store.get(text('k'));
      equal([stored?.value, stored?.publisher], [text('one'), text('p')], 'the first');
      equal((await store.get(text('l')))?.value, text('two'), 'the second');
    },
  },
  {
    name: 'bytes that change while a put is under way: what was handed over is stored',
    needs: ['values', 'providers', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const [key, content, version] = [text('k'), text('one'), text('one')];
      const putting = store.put({ key, value: content });
      bad(key);
      bad(content);
      equal(await putting, INSERTED, 'the put');
      const replacing = store.put(value('k', 'two'), { ifVersion: version });
      bad(version);
      equal(await replacing, UPDATED, 'the put over a version');
      const asked = text('k');
      const getting = store.get(asked);
      bad(asked);
      const got = await getting;
      equal([got?.key, got?.value], [text('k'), text('two')], 'the record');
      const [providedKey, provider, addresses] = [text('k'), id(1), ['a']];
      const adding = store.addProvider({ key: providedKey, provider, addresses });
      bad(providedKey);
      bad(provider);
      addresses.push('b');
      equal(await adding, INSERTED, 'the add');
      const listed = (await store.providers(text('k')))[0];
      equal([listed?.key, listed?.provider, listed?.addresses], [text('k'), id(1), ['a']], 'the provider');
      const prefix = text('k');
      const scan = store.records({ prefix });
      bad(prefix);
      equal((await collect(scan)).length, 1, 'records of a prefix');
      const [removedKey, removed] = [text('k'), id(1)];
      const removing = store.removeProvider(removedKey, removed);
      bad(removedKey);
      bad(removed);
      equal(await removing, true, 'the removal');
    },
  },
  {
    name: 'what a validator that takes its time has looked at is what is stored',
    needs: ['values', 'validators'],
    run: async (context) => {
      const store = await context.open({ validators: { default: slowlyGood } });
      // Twice: a store may have to find out first that a validator takes its time.
      for (const name of ['a', 'b']) {
        const good = text('good');
        const putting = store.put(value(name, good));
        bad(good);
        equal(await putting, INSERTED, `${name}, good when it was put`);
        equal((await store.get(text(name)))?.value, text('good'), `the value of ${name}`);
        const evil = text('evil');
        const forging = store.put(value(`${name}${name}`, evil));
        evil.set(text('good'));
        equal(await forging, rejected('invalid'), `${name}${name}, good only afterwards`);
        equal(await store.get(text(`${name}${name}`)), undefined, `the record of ${name}${name}`);
      }
      const version = text('good');
      const replacing = store.put(value('a', 'good'), { ifVersion: version });
      bad(version);
      equal((await replacing).outcome, 'refreshed', 'over a version that was named');
    },
  },
  {
    name: 'a rank that lies in the caller’s bytes stays what it was',
    needs: ['values', 'validators'],
    run: async (context) => {
      const store = await context.open({ validators: { default: byFirstByte } });
      for (const [name, put] of [
        ['put', (record: ReturnType<typeof value>) => store.put(record)],
        ['putMany', async (record: ReturnType<typeof value>) => (await store.putMany([record]))[0]!],
      ] as const) {
        const content = Uint8Array.of(9, 1, 1);
        equal(await put(value(name, content)), INSERTED, `${name}: version 9`);
        content.fill(0);
        equal(await put(value(name, Uint8Array.of(5, 2, 2))), rejected('stale'), `${name}: version 5 after it`);
        const newer = Uint8Array.of(10, 1, 1);
        equal(await put(value(name, newer)), UPDATED, `${name}: version 10`);
        newer.fill(0);
        equal(await put(value(name, Uint8Array.of(6, 2, 2))), rejected('stale'), `${name}: version 6 after that`);
        equal((await store.get(text(name)))?.value, Uint8Array.of(10, 1, 1), `${name}: the value`);
      }
    },
  },
];

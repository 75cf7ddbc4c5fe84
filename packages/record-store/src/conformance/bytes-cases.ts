import { check, equal, rejects } from './assertions.ts';
import { collect, id, text, value, type Case } from './context.ts';

/** Whose bytes are whose, and aborts. */
export const BYTES_CASES: readonly Case[] = [
  {
    name: 'what the caller does to its bytes after a put does not reach the store',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const record = { key: text('key'), value: text('value'), publisher: text('publisher') };
      await store.put(record);
      for (const bytes of Object.values(record)) bytes.fill(0);
      equal(await store.get(text('key')), value('key', 'value', { publisher: text('publisher'), expires: context.clock.nowMs + 172_800_000 }), 'after the put');
      const many = [value('many', 'value')];
      const putting = store.putMany(many);
      await putting;
      many[0]!.value.fill(0);
      equal((await store.get(text('many')))?.value, text('value'), 'after putMany');
    },
  },
  {
    name: 'what the caller does to a Buffer slice or to provider bytes after an add does not reach the store',
    needs: ['values', 'providers'],
    run: async (context) => {
      const store = await context.open();
      const pool = new Uint8Array(64).fill(1);
      await store.put({ key: pool.subarray(0, 8), value: pool.subarray(8, 16) });
      const key = text('key');
      const provider = id(1);
      const addresses = ['a'];
      await store.addProvider({ key, provider, addresses });
      pool.fill(2);
      key.fill(0);
      provider.fill(0);
      addresses.push('b');
      equal((await store.get(new Uint8Array(8).fill(1)))?.value, new Uint8Array(8).fill(1), 'the value');
      const [added] = await store.providers(text('key'));
      equal([added?.provider, added?.addresses], [id(1), ['a']], 'the provider');
    },
  },
  {
    name: 'bytes that the caller gives away are stored as any others, and are not changed',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      const given = text('-key-value-publisher-another-');
      const record = { key: given.subarray(1, 4), value: given.subarray(5, 10), publisher: given.subarray(11, 20) };
      equal((await store.put(record, { copy: false })).outcome, 'inserted', 'the first put');
      equal((await store.put({ ...record, value: given.subarray(21, 28) }, { copy: false, ifVersion: text('value') })).outcome, 'updated', 'the second put');
      const [many] = await store.putMany([value('many', 'value')], { copy: false });
      equal(many?.outcome, 'inserted', 'putMany');
      for (let at = 0; at < 200; at++) await store.put(value(id(at), new Uint8Array(100).fill(3)));
      const { expires } = (await store.get(text('key')))!;
      equal(await store.get(text('key')), { ...value('key', 'another', { publisher: text('publisher') }), ...(expires === undefined ? {} : { expires }) }, 'the record');
      equal((await store.get(text('many')))?.value, text('value'), 'of putMany');
      equal(given, text('-key-value-publisher-another-'), 'what was given');
    },
  },
  {
    name: 'bytes that were returned stay as they are, whatever happens to the record',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      await store.put(value('k', new Uint8Array(100).fill(1)));
      const got = await store.get(text('k'));
      const [scanned] = await collect(store.records());
      await store.put(value('k', new Uint8Array(100).fill(2)));
      for (let at = 0; at < 200; at++) await store.put(value(id(at), new Uint8Array(100).fill(3)));
      await store.remove(text('k'));
      await collect(store.records());
      for (const bytes of [got?.value, scanned?.value]) check(bytes !== undefined && bytes.length === 100 && bytes.every((byte) => byte === 1), 'returned bytes changed');
      equal(got?.key, text('k'), 'the key');
    },
  },
  {
    name: 'with copy the bytes are the caller’s own',
    needs: ['values', 'providers', 'scans'],
    run: async (context) => {
      const store = await context.open();
      await store.put(value('k', 'value', { publisher: text('p') }));
      await store.addProvider({ key: text('k'), provider: id(1), addresses: [] });
      const [scanned] = await collect(store.records({ copy: true }));
      const [listed] = await store.providers(text('k'), { copy: true });
      const got = await store.get(text('k'), { copy: true });
      for (const record of [scanned!, got!]) for (const bytes of [record.key, record.value, record.publisher!]) bytes.fill(0);
      listed!.key.fill(0);
      listed!.provider.fill(0);
      const again = await store.get(text('k'));
      equal([again?.key, again?.value, again?.publisher], [text('k'), text('value'), text('p')], 'the record');
      equal((await store.providers(text('k')))[0]?.provider, id(1), 'the provider');
    },
  },
  {
    name: 'an aborted signal rejects with its reason and nothing happens',
    needs: ['values', 'providers', 'scans', 'sweep', 'schedule'],
    run: async (context) => {
      const store = await context.open();
      await store.put(value('k'));
      const reason = new Error('enough');
      const signal = AbortSignal.abort(reason);
      const calls = [
        () => store.get(text('k'), { signal }),
        () => store.put(value('l'), { signal }),
        () => store.putMany([value('l')], { signal }),
        () => store.remove(text('k'), { signal }),
        () => collect(store.records({ signal })),
        () => store.addProvider({ key: text('k'), provider: id(1), addresses: [] }, { signal }),
        () => store.removeProvider(text('k'), id(1), { signal }),
        () => store.providers(text('k'), { signal }),
        () => collect(store.provided({ signal })),
        () => collect(store.due(context.clock.nowMs, { signal })),
        () => store.sweep({ signal }),
      ];
      for (const [at, call] of calls.entries()) await rejects(call, { reason }, `call ${at}`);
      equal((await collect(store.records())).map(({ key }) => key), [text('k')], 'records');
      equal(await store.providers(text('k')), [], 'providers');
    },
  },
  {
    name: 'a signal that aborts during a scan ends it with its reason',
    needs: ['values', 'scans'],
    run: async (context) => {
      const store = await context.open();
      await store.putMany(Array.from({ length: 50 }, (_, at) => value(id(at))));
      const controller = new AbortController();
      const reason = new Error('enough');
      let seen = 0;
      await rejects(
        async () => {
          for await (const record of store.records({ signal: controller.signal })) {
            seen += record.key.length > 0 ? 1 : 0;
            if (seen === 7) controller.abort(reason);
          }
        },
        { reason },
        'the scan',
      );
      equal(seen, 7, 'records seen');
    },
  },
  {
    name: 'a signal that aborts while a validator thinks stops the put',
    needs: ['values', 'validators'],
    run: async (context) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const slow = {
        validate: async (): Promise<{ valid: true }> => {
          controller.abort(reason);
          return { valid: true };
        },
      };
      const store = await context.open({ validators: { default: slow } });
      await rejects(() => store.put(value('k'), { signal: controller.signal }), { reason }, 'put');
      equal(await store.get(text('k')), undefined, 'the record');
    },
  },
];

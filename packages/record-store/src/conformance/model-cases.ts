import { compareBytes } from '../core/bytes.ts';
import type { RecordStoreOptions } from '../options.ts';
import type { PutResult } from '../types.ts';
import type { Validator } from '../validators/validator.ts';
import { equal } from './assertions.ts';
import { collect, id, text, type Case, type CaseContext } from './context.ts';
import { ReferenceModel, type ModelLimits } from './reference-model.ts';
import { Seeded } from './seeded.ts';

const MAX_TTL_MS = 1000;
const STEPS = 150;
const byFirstByte: Validator = { validate: (record) => ({ valid: true, rank: record.value.subarray(0, 1) }) };

/** Random histories against the reference; every answer is compared. */
export const MODEL_CASES: readonly Case[] = [
  {
    name: 'random histories answer as the reference does',
    needs: ['values', 'providers', 'limits', 'local', 'validators', 'scans', 'sweep', 'stats'],
    run: async (context) => {
      const runs = context.harness.fuzzRuns ?? 30;
      for (let run = 0; run < runs; run++) {
        const seed = context.random.seed * 100_003 + run;
        try {
          await history(context, new Seeded(seed));
        } catch (error) {
          throw new Error(`the history of seed ${seed} (run ${run}): ${(error as Error).message}`, { cause: error });
        }
      }
    },
  },
];

async function history(context: CaseContext, random: Seeded): Promise<void> {
  const limits: ModelLimits = {
    maxRecords: 3 + random.integer(4),
    maxTotalBytes: 120 + random.integer(400),
    maxProvidedKeys: 1 + random.integer(3),
    maxProvidersPerKey: 1 + random.integer(3),
    originRecords: 1 + random.integer(3),
    originBytes: 60 + random.integer(200),
    originProviders: 1 + random.integer(4),
    localRecords: 1 + random.integer(3),
  };
  const overrides: Partial<RecordStoreOptions> = {
    limits: {
      ...limits,
      perOrigin: { maxRecords: limits.originRecords, maxBytes: limits.originBytes, maxProviders: limits.originProviders },
      local: { maxRecords: limits.localRecords },
    },
    validators: { default: { validate: () => ({ valid: true }) }, namespaces: { r: byFirstByte } },
    policies: { fullKey: 'incumbents' },
    maxTtlMs: MAX_TTL_MS,
  };
  let store = await context.open(overrides);
  const model = new ReferenceModel(limits, context.localId, MAX_TTL_MS);
  const keys = ['r1', 'r2', 'r22', 'p1', 'p2', 'p22', 'q'].map(text);
  const flat = (result: PutResult): string => (result.outcome === 'rejected' ? result.reason : result.outcome);
  for (let step = 0; step < STEPS; step++) {
    const { clock } = context;
    const key = random.pick(keys);
    const origin = random.pick([undefined, 'a', 'b']);
    const expires = random.float() < 0.3 ? {} : { expires: clock.nowMs + random.integer(300) };
    const where = `step ${step}`;
    const choice = random.float();
    if (choice < 0.4) {
      const publisher = random.pick([undefined, context.localId, id(1)]);
      const record = { key, value: Uint8Array.from({ length: random.integer(4) * 10 }, () => 1 + Math.floor(step / 60) + random.integer(2)).fill(7, 1), ...expires, ...(publisher === undefined ? {} : { publisher }) };
      const many = random.float() < 0.2;
      const result = many ? (await store.putMany([record], { origin }))[0]! : await store.put(record, { origin });
      equal(flat(result), model.put(record, origin, clock.nowMs), `${where}: put of ${new TextDecoder().decode(key)}`);
    } else if (choice < 0.6) {
      const record = { key, provider: random.pick([id(1), id(2), id(3), context.localId]), addresses: random.pick([[], ['x'], ['a', 'bb']]), ...expires };
      equal(flat(await store.addProvider(record, { origin })), model.addProvider(record, origin, clock.nowMs), `${where}: add`);
    } else if (choice < 0.67) {
      equal(await store.remove(key), model.remove(key, clock.nowMs), `${where}: remove`);
    } else if (choice < 0.72) {
      const provider = random.pick([id(1), id(2), context.localId]);
      equal(await store.removeProvider(key, provider), model.removeProvider(key, provider, clock.nowMs), `${where}: removeProvider`);
    } else if (choice < 0.82) {
      clock.advance(random.integer(80));
    } else if (choice < 0.85) {
      await store.sweep();
      const { local, remote } = await store.stats();
      equal({ remote: remote.records + remote.providers, remoteBytes: remote.bytes, local: local.records + local.providers }, model.usage(clock.nowMs), `${where}: usage after a sweep`);
    } else if (choice < 0.86 && context.harness.reopen !== undefined) {
      await store.close();
      store = context.keep(await context.harness.reopen(store, context.options(overrides)));
    }
    equal(await store.get(key), model.get(key, clock.nowMs), `${where}: get`);
    const providers = (await store.providers(key, { limit: 100 })).sort((one, other) => compareBytes(one.provider, other.provider));
    equal(providers, model.providers(key, clock.nowMs), `${where}: providers`);
    if (step % 10 === 9) equal(await collect(store.records()), model.records(clock.nowMs), `${where}: records`);
  }
  await store.close();
}

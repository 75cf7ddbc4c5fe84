import { acceptAny, MemoryRecordStore, type FullKeyPolicyName } from '../src/index.ts';
import { median, recordsOf, seconds } from './subjects.ts';

const UNLIMITED = { maxRecords: 'unlimited', maxTotalBytes: 'unlimited', maxProvidedKeys: 'unlimited' } as const;

function open(more: Partial<ConstructorParameters<typeof MemoryRecordStore>[0]> = {}): MemoryRecordStore {
  return new MemoryRecordStore({ localId: Uint8Array.of(1), validators: { default: acceptAny() }, limits: UNLIMITED, ...more });
}

/**
 * Puts per second into a store of `count` records (inserts of all into an empty one, then overwrites), gets with views and with copies; medians of
 * `rounds`. `given`: the store keeps the bytes that it gets, as a Rust one does.
 */
export async function memoryRates(count: number, rounds: number, given: boolean): Promise<{ insert: number; overwrite: number; view: number; copy: number }> {
  const first = recordsOf(count, 1);
  const second = recordsOf(count, 2);
  const options = given ? { copy: false } : undefined;
  const turns = Math.max(1, Math.ceil(200_000 / count));
  const rates = { insert: [] as number[], overwrite: [] as number[], view: [] as number[], copy: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    // One store at a time: many at once measure how fast the system hands out memory.
    let store = open();
    let insert = 0;
    for (let turn = 0; turn < turns; turn++) {
      await store.close();
      store = open();
      insert += await seconds(async () => {
        for (const record of first) await store.put(record, options);
      });
    }
    const overwrite = await seconds(async () => {
      for (let turn = 0; turn < turns; turn++) for (const record of turn % 2 === 0 ? second : first) await store.put(record, options);
    });
    const read = async (copy: boolean): Promise<number> =>
      await seconds(async () => {
        for (let turn = 0; turn < turns; turn++) for (const { key } of first) if ((await store.get(key, { copy })) === undefined) throw new Error('lost');
      });
    const [view, copies] = [await read(false), await read(true)];
    const total = turns * count;
    for (const [name, time] of Object.entries({ insert, overwrite, view, copy: copies })) rates[name as keyof typeof rates].push(total / time);
    await store.close();
  }
  return { insert: median(rates.insert), overwrite: median(rates.overwrite), view: median(rates.view), copy: median(rates.copy) };
}

/** Microseconds of an add on a full key, median of `rounds`. */
export async function addOnFullKey(fullKey: FullKeyPolicyName, rounds: number): Promise<number> {
  const key = new Uint8Array(32).fill(9);
  const adds = 20_000;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const store = open({ policies: { fullKey }, limits: { ...UNLIMITED, perOrigin: { maxProviders: 'unlimited' } } });
    const providers = Array.from({ length: adds + 20 }, (_, at) => {
      const provider = new Uint8Array(32);
      new DataView(provider.buffer).setUint32(0, Math.imul(at + 1, 0x9e37_79b1));
      new DataView(provider.buffer).setUint32(4, at);
      return { record: { key, provider, addresses: [`${at % 223}.${at % 251}.1.1:4001`] }, options: { origin: `${at % 223}.${at % 251}` } };
    });
    for (const { record, options } of providers.splice(0, 20)) await store.addProvider(record, options);
    const time = await seconds(async () => {
      for (const { record, options } of providers) await store.addProvider(record, options);
    });
    times.push((1e6 * time) / adds);
  }
  return median(times);
}

/** Sweeps 10 000 expired of a million: ms in total, and the longest that the loop was blocked. */
export async function sweepOfAMillion(): Promise<{ totalMs: number; blockedMs: number }> {
  let nowMs = 1_800_000_000_000;
  const store = open({ clock: { now: () => nowMs } });
  const value = new Uint8Array(16);
  for (const [at, { key }] of recordsOf(1_000_000).entries()) await store.put({ key, value, expires: nowMs + (at % 100 === 0 ? 1000 : 1_000_000 + at) });
  nowMs += 1000;
  let longest = 0;
  let last = performance.now();
  let isRunning = true;
  const watch = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isRunning) setImmediate(watch);
  };
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  last = performance.now();
  setImmediate(watch);
  const start = performance.now();
  const { records } = await store.sweep();
  const totalMs = performance.now() - start;
  isRunning = false;
  if (records !== 10_000) throw new Error(`swept ${records}`);
  longest = Math.max(longest, performance.now() - last);
  await store.close();
  return { totalMs, blockedMs: longest };
}

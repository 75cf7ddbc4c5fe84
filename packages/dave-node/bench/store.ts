/**
 * The store at one million entries, against a Map of objects in the same run.
 *
 *   node --expose-gc bench/store.ts [entries]
 *
 * Dats are made outside the timed parts, in batches; figures are medians over groups of 50.
 */
import { entrySize, type Dat, type Entry } from '@p2p/dave-wire';
import { PriorityStore } from '../src/core/store/priority-store.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
if (!(COUNT >= 400_000)) throw new TypeError('Use at least 400000 entries: with fewer, some shards are full before the store is.');
const BATCH = 1000;
/** Entries timed at a time: so few that another process seldom gets in between, and the median is undisturbed. */
const GROUP = 50;
const VALUE_BYTES = 100;
const NOW = 1_800_000_000_000;
const TTL_MS = 31_536_000_000;
const SELF = 0x0123_4567_89ab_cdefn;

let seed = 1;
function random32(): number {
  seed = (seed + 0x6d2b_79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    const word = random32();
    bytes[at] = word;
    bytes[at + 1] = word >>> 8;
    bytes[at + 2] = word >>> 16;
    bytes[at + 3] = word >>> 24;
  }
  return bytes;
}

/** Entry number `index`: the same bytes each time it is asked for. `near`: by an author close to us. */
function entryOf(index: number, near: boolean): Entry {
  seed = Math.imul(index + 1, 0x9e37_79b1);
  const publicKey = randomBytes(32);
  if (near) for (let at = 0; at < 8; at++) publicKey[at] = Number((SELF >> BigInt(8 * at)) & 0xffn) ^ (at < 6 ? publicKey[at]! : 0);
  return {
    dat: {
      time: near ? NOW - (index % 1000) : NOW - Math.floor((random32() / 2 ** 32) * 0.9 * TTL_MS),
      salt: randomBytes(16),
      work: randomBytes(32),
      signature: randomBytes(64),
      publicKey,
      key: `user/${index.toString(36)}/profile`,
      value: randomBytes(VALUE_BYTES),
    },
    replicas: [1n, 2n, 3n, 4n, 5n],
  };
}

function batchOf(next: () => number, near: boolean): Entry[] {
  const batch: Entry[] = [];
  for (let at = 0; at < BATCH; at++) batch.push(entryOf(next(), near));
  return batch;
}

/** Nanoseconds per entry, median over groups. */
function measure(batches: number, next: () => number, work: (entry: Entry) => void, near = false): number {
  const times: number[] = [];
  for (let run = 0; run < batches; run++) {
    const batch = batchOf(next, near);
    // What making the batch left behind is not collected at the store's expense.
    globalThis.gc?.({ type: 'minor' });
    for (let from = 0; from < BATCH; from += GROUP) {
      const start = process.hrtime.bigint();
      for (let at = from; at < from + GROUP; at++) work(batch[at]!);
      times.push(Number(process.hrtime.bigint() - start) / GROUP);
    }
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

function memory(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let cursor = 0;
const sequential = (): number => cursor++;
let picks = 12345;
const randomPick = (): number => {
  picks = (Math.imul(picks, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((picks / 2 ** 32) * COUNT);
};
let hot = 0;
const hotPick = (): number => hot++ % 100;

interface Row {
  what: string;
  store: number;
  map: number;
}
const rows: Row[] = [];
const row = (what: string, store: number, map: number): void => void rows.push({ what, store, map });

const payload = entrySize(entryOf(0, false));
let sink = 0;

// --- ours
const emptyBytes = memory();
const shardCapacityBytes = Math.floor((COUNT * 1.1 * (224 + 20 + VALUE_BYTES)) / 256);
let store = new PriorityStore({ selfId: SELF, shardCapacityBytes, ttlMs: TTL_MS, hashSecret: randomBytes(16) });
let rejected = 0;
const admit = (entry: Entry): void => {
  const { outcome } = store.admit(entry, NOW);
  if (outcome !== 'inserted') rejected++;
};
const warm = Math.floor((COUNT / BATCH) * 0.9);
measure(warm, sequential, admit);
const storeInsert = measure(COUNT / BATCH - warm, sequential, admit);
if (rejected > 0) throw new Error(`${rejected} entries were not inserted while there was room`);
const storePerEntry = (memory() - emptyBytes) / COUNT - payload;
const storeRandomView = measure(200, randomPick, ({ dat }) => {
  sink += store.getEncoded(dat.publicKey, dat.key, NOW)!.length;
});
const storeRandom = measure(200, randomPick, ({ dat }) => {
  sink += store.get(dat.publicKey, dat.key, NOW)!.dat.time % 2;
});
const storeHotView = measure(200, hotPick, ({ dat }) => {
  sink += store.getEncoded(dat.publicKey, dat.key, NOW)!.length;
});
const storeHot = measure(200, hotPick, ({ dat }) => {
  sink += store.get(dat.publicKey, dat.key, NOW)!.dat.time % 2;
});
const storeMiss = measure(200, () => COUNT + randomPick(), ({ dat }) => {
  sink += store.get(dat.publicKey, dat.key, NOW) === undefined ? 1 : 0;
});
// Fill what room is left, then every insert has to evict.
let evictions = 0;
const evicting = (entry: Entry): void => {
  const outcome = store.admit(entry, NOW);
  if (outcome.outcome === 'inserted') evictions += outcome.evicted;
};
measure(Math.ceil((COUNT / BATCH) * 0.25), sequential, evicting, true);
evictions = 0;
const storeEvict = measure(100, sequential, evicting, true);
if (evictions < 95 * BATCH) throw new Error('the eviction benchmark did not evict');
const storeRefuse = measure(100, sequential, (entry) => {
  sink += store.admit(entry, NOW + 0.95 * TTL_MS).outcome.length;
});
let worst = 0;
for (let at = 0; at < 200; at++) {
  const start = process.hrtime.bigint();
  sink += store.sweepExpired(512, NOW + 0.5 * TTL_MS);
  worst = Math.max(worst, Number(process.hrtime.bigint() - start) / 1e6);
}
store = undefined as unknown as PriorityStore;

// --- baseline
cursor = 0;
const mapStart = memory();
let map = new Map<string, Entry>();
const keyOf = (dat: Dat): string => `${Buffer.from(dat.publicKey).toString('latin1')}${dat.key}`;
const copy = ({ dat, replicas }: Entry): Entry => ({
  dat: { ...dat, salt: dat.salt.slice(), work: dat.work.slice(), signature: dat.signature.slice(), publicKey: dat.publicKey.slice(), value: dat.value.slice() },
  replicas: [...replicas],
});
const set = (entry: Entry): void => void map.set(keyOf(entry.dat), copy(entry));
measure(warm, sequential, set);
const mapInsert = measure(COUNT / BATCH - warm, sequential, set);
const mapPerEntry = (memory() - mapStart) / COUNT - payload;
const mapRandom = measure(200, randomPick, ({ dat }) => {
  sink += map.get(keyOf(dat))!.dat.time % 2;
});
const mapHot = measure(200, hotPick, ({ dat }) => {
  sink += map.get(keyOf(dat))!.dat.time % 2;
});
map = new Map();

row('insert, ns', storeInsert, mapInsert);
row('insert that evicts, ns', storeEvict, Number.NaN);
row('refused newcomer, ns', storeRefuse, Number.NaN);
row('read at random, view, ns', storeRandomView, mapRandom);
row('read at random, decoded copy, ns', storeRandom, mapRandom);
row('read hot, view, ns', storeHotView, mapHot);
row('read hot, decoded copy, ns', storeHot, mapHot);
row('miss, ns', storeMiss, Number.NaN);
row('bytes per entry beside its encoding', storePerEntry, mapPerEntry);
row('worst slice of 512 expired, ms', worst, Number.NaN);

console.log(`${COUNT} entries of ${payload} bytes, Node ${process.version} (${sink > 0 ? 'checked' : ''})`);
console.table(
  rows.map(({ what, store: ours, map: theirs }) => ({
    what,
    store: Number(ours.toFixed(1)),
    'Map of objects': Number.isNaN(theirs) ? '' : Number(theirs.toFixed(1)),
    ratio: Number.isNaN(theirs) ? '' : Number((theirs / ours).toFixed(2)),
  })),
);

// The speed table of the README: our engines, js-libp2p's stores and rust-libp2p's MemoryStore in one run.
// Arguments choose parts: memory, rust, level, lmdb, redis, more; none: all.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LevelDatastore } from 'datastore-level';
import { NO_REDIS, startRedis } from '@p2p/testkit/redis-server';
import { createClient } from 'redis';
import { DatastoreRecordStore } from '../src/backends/datastore/index.ts';
import { LmdbRecordStore } from '../src/backends/lmdb/index.ts';
import { RedisRecordStore } from '../src/backends/redis/index.ts';
import { acceptAny, type RecordStore } from '../src/index.ts';
import { libp2pStores } from './libp2p.ts';
import { bareLmdb } from './bare-lmdb.ts';
import { bareRedis } from './bare-redis.ts';
import { addOnFullKey, memoryRates, sweepOfAMillion } from './memory.ts';
import { median, pipelined, rate, recordsOf, seconds, type Subject } from './subjects.ts';

const ROUNDS = 5;
const PARTS = ['memory', 'rust', 'level', 'lmdb', 'redis', 'more'] as const;
const HEADLESS = '--headless';
const asked = process.argv.slice(2).filter((argument) => argument !== HEADLESS);
const unknown = asked.find((part) => !PARTS.includes(part as (typeof PARTS)[number]));
if (unknown !== undefined) throw new Error(`no part ${unknown}: name some of ${PARTS.join(', ')}, or none for all.`);
const TABLE = '| engine, 1 KiB values | put/s: insert / overwrite | get/s |\n|---|---|---|';
if (asked.length === 0) {
  // A process each: what one leaves in memory, or still writes to the disk, slows down the next.
  console.log(TABLE);
  for (const part of PARTS) spawnSync(process.execPath, [fileURLToPath(import.meta.url), part, HEADLESS], { stdio: 'inherit' });
  process.exit();
}
const wants = (part: (typeof PARTS)[number]): boolean => asked.includes(part);
const options = { localId: Uint8Array.of(1), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited', maxTotalBytes: 'unlimited' } } as const;
const temporary = await mkdtemp(join(tmpdir(), 'record-store-bench-'));

function row(name: string, ...cells: string[]): void {
  console.log(`| ${[name, ...cells].join(' | ')} |`);
}

/** Inserts, overwrites and gets per second, so many in flight; medians. */
async function rates(name: string, count: number, inFlight: number, subject: Subject, empty: (round: number) => Promise<Subject>): Promise<void> {
  const found = { insert: [] as number[], overwrite: [] as number[], get: [] as number[] };
  let current = subject;
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) {
      await current.close();
      current = await empty(round);
    }
    for (const [at, phase] of (['insert', 'overwrite'] as const).entries()) {
      const records = recordsOf(count, at + 1);
      found[phase].push(count / (await seconds(() => pipelined(records, inFlight, ({ key, value }) => current.put(key, value)))));
    }
    const keys = recordsOf(count);
    found.get.push(count / (await seconds(() => pipelined(keys, inFlight, async ({ key }) => ((await current.get(key)) === undefined ? Promise.reject(new Error('lost')) : undefined)))));
  }
  await current.close();
  row(name, `${rate(median(found.insert))} / ${rate(median(found.overwrite))}`, rate(median(found.get)));
}

const over = (store: RecordStore): Subject => ({
  put: (key, value) => store.put({ key, value }),
  get: (key) => store.get(key),
  close: () => store.close(),
});

if (!process.argv.includes(HEADLESS)) console.log(TABLE);
for (const { count, given } of wants('memory') ? [1024, 100_000].flatMap((count) => [{ count, given: false }, { count, given: true }]) : []) {
  const { insert, overwrite, view, copy } = await memoryRates(count, ROUNDS, given);
  row(`memory, ${count} records, one after the other${given ? ', put with copy: false' : ''}`, `${rate(insert)} / ${rate(overwrite)}`, `${rate(view)} views, ${rate(copy)} copies`);
}

const rust = wants('rust') ? rustRates() : [];
for (const { count, insert, overwrite, copy, addMicros } of rust) row(`rust-libp2p MemoryStore, ${count} records (add on a full key: ${addMicros.toFixed(2)} µs, ignored)`, `${rate(insert)} / ${rate(overwrite)}`, `${rate(copy)} copies`);

let level = 0;
const levelDatastore = async (): Promise<LevelDatastore> => {
  const datastore = new LevelDatastore(join(temporary, `level-${level++}`));
  await datastore.open();
  return datastore;
};
const overLevel = async (): Promise<ReturnType<typeof over>> => over(await DatastoreRecordStore.open({ ...options, datastore: await levelDatastore(), durable: 'process-crash', atomic: true }));
if (wants('level')) {
  await rates('datastore-level, 256 in flight', 10_000, 256, await overLevel(), overLevel);
  await rates('js-libp2p over datastore-level, 256 in flight', 10_000, 256, await libp2pStores(await levelDatastore()), async () => libp2pStores(await levelDatastore()));
}

let lmdb = 0;
const overLmdb = async (): Promise<ReturnType<typeof over>> => over(await LmdbRecordStore.open({ ...options, path: join(temporary, `${lmdb++}.lmdb`) }));
if (wants('lmdb')) {
  for (const inFlight of [1024, 8192, 16_384]) await rates(`lmdb, durable, ${inFlight} in flight`, 100_000, inFlight, await overLmdb(), overLmdb);
  await rates('the package lmdb alone, durable, 16384 in flight, values only', 100_000, 16_384, await bareLmdb(join(temporary, 'bare-0')), (round) => bareLmdb(join(temporary, `bare-${round}`)));
}

if (wants('redis') && NO_REDIS === undefined) {
  const server = await startRedis();
  const client = createClient({ url: server.url });
  await client.connect();
  const overRedis = async (round: number): Promise<ReturnType<typeof over>> => over(await RedisRecordStore.open({ ...options, client, namespace: `bench-${round}` }));
  await rates('redis on loopback, 512 in flight', 20_000, 512, await overRedis(0), overRedis);
  await rates('bare SET and GET of the same client, 512 in flight', 20_000, 512, bareRedis(client), async () => bareRedis(client));
  client.destroy();
  await server.stop();
}

if (wants('more')) {
  console.log('\n| what | memory engine |\n|---|---|');
  for (const policy of ['diverse', 'incumbents', 'random', 'closest'] as const) row(`addProvider on a full key, ${policy}`, `${(await addOnFullKey(policy, ROUNDS)).toFixed(1)} µs`);
  const { totalMs, blockedMs } = await sweepOfAMillion();
  row('sweep 10 000 expired of 1 M', `${totalMs.toFixed(0)} ms, loop blocked ${blockedMs.toFixed(1)} ms at most`);
}
await rm(temporary, { recursive: true });
process.exit();

/** Nothing where there is no cargo. */
function rustRates(): { count: number; insert: number; overwrite: number; copy: number; addMicros: number }[] {
  const directory = fileURLToPath(new URL('rust', import.meta.url));
  const built = spawnSync('cargo', ['run', '--release', '--quiet'], { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  if (built.status !== 0) {
    console.error('rust-libp2p is left out: no cargo, or its program could not be built.');
    return [];
  }
  return built.stdout.trim().split('\n').map((line) => JSON.parse(line) as ReturnType<typeof rustRates>[number]);
}

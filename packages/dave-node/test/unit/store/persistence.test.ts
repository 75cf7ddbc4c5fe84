import { decodeEntry, encodeEntry } from '@p2p/dave-wire';
import { VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { recordKey } from '../../../src/core/store/dat-record.ts';
import { authorKey, unsignedEntry } from '../../doubles/dats.ts';
import { hex, MemoryRecords } from '../../doubles/memory-records.ts';
import { leave, outcomeOf, PersistenceRun, TTL_MS } from '../../doubles/persistence-run.ts';

test('what was acknowledged survives a restart, byte for byte', async () => {
  const first = new PersistenceRun();
  const puts = Array.from({ length: 300 }, (_, at) => first.put({ author: at % 7, key: `key ${at}`, value: `value ${at}`, replicas: [BigInt(at + 1)] }));
  expect(await first.settle(Promise.all(puts.map(({ durable }) => durable)))).toEqual(puts.map(() => 'durable'));
  const one = [...first.records.held.values()][0]!;
  expect(one.expires).toBe(decodeEntry(one.value).dat.time + TTL_MS);
  expect(one.publisher).toEqual(one.key.slice(0, 32));

  const second = new PersistenceRun({ records: first.records, clock: first.clock });
  const report = await second.settle(second.persistence.load());
  expect(report).toMatchObject({ records: 300, admitted: 300, invalid: 0 });
  for (const { entry } of puts) expect(second.store.get(entry.dat.publicKey, entry.dat.key, second.clock.now())).toEqual(entry);
  expect(second.verifier.verified).toBe(300);
  expect(second.restored.length).toBe(300);
  expect(second.restored[0]).toMatch(/ records$/);
  // What was read is durable already: it is not written again.
  await second.settle(second.persistence.close());
  expect(second.records.calls.filter(({ method }) => method === 'putMany').length).toBe(1);
});

test('a wait ends only when the record store has it', async () => {
  const run = new PersistenceRun();
  run.records.latencyMs = 50;
  const { durable } = run.put({ value: 'slow' });
  let settled = false;
  void durable.then(() => (settled = true));
  await run.clock.advance(50);
  expect([settled, run.recorded('key')]).toEqual([false, undefined]);
  await run.clock.advance(60);
  expect([settled, run.recorded('key')]).toEqual([true, 'slow']);
});

test('writes are batched', async () => {
  const run = new PersistenceRun();
  await run.settle(run.persistence.load());
  run.records.latencyMs = 10;
  const waits = Array.from({ length: 100 }, (_, at) => run.put({ key: `a${at}` }).durable);
  await run.clock.advance(5);
  for (let at = 0; at < 5000; at++) waits.push(run.put({ key: `b${at}` }).durable);
  await run.settle(Promise.all(waits));
  expect(run.records.calls.filter(({ method }) => method === 'putMany').map(({ size }) => size)).toEqual([100, 4096, 904]);
});

test('the newest state of a key wins, also over a batch on its way', async () => {
  const run = new PersistenceRun();
  run.records.latencyMs = 20;
  const first = run.put({ value: 'one' });
  await run.clock.advance(5);
  const second = run.put({ value: 'two', time: run.clock.now() + 1 });
  const third = run.put({ value: 'three', time: run.clock.now() + 2 });
  expect(await run.settle(Promise.all([first.durable, second.durable, third.durable]))).toEqual(['durable', 'durable', 'durable']);
  expect(run.recorded('key')).toBe('three');
});

test('an evicted entry leaves the record store, and who waited for it is told', async () => {
  const run = new PersistenceRun({ shardCapacityBytes: 300 });
  const held = new Map<string, Promise<string>>();
  // Rising priority: later ones push earlier ones out of full shards, often before they are written.
  for (let at = 0; at < 800; at++) held.set(`k${at}`, run.put({ key: `k${at}`, value: '', time: run.clock.now() - 10_000 + at }).durable);
  await run.clock.advance(100);
  for (let at = 800; at < 1200; at++) held.set(`k${at}`, run.put({ key: `k${at}`, value: '', time: run.clock.now() - 9000 + at }).durable);
  await run.clock.advance(100);
  let gone = 0;
  for (const [key, durable] of held) {
    const inMemory = run.value(key) !== undefined;
    expect(run.recorded(key) !== undefined, key).toBe(inMemory);
    const outcome = await durable;
    if (inMemory) expect(outcome).toBe('durable');
    else if (outcome === 'NODE_NO_ROOM') gone++;
  }
  expect(gone).toBeGreaterThan(100);
  expect(run.persistence.pending).toBe(0);
});

test('a failure reaches those who wait and the error event, and is tried again until it succeeds', async () => {
  const run = new PersistenceRun();
  run.records.failing.add('putMany');
  const { durable } = run.put({ value: 'stubborn' });
  expect(await run.settle(durable)).toBe('NODE_RECORDS_FAILED');
  await run.clock.advance(60_000);
  expect(run.errors.length).toBeGreaterThan(5);
  expect(run.errors.length, 'attempts get rarer').toBeLessThan(30);
  expect(new Set(run.errors)).toEqual(new Set(['NODE_RECORDS_FAILED']));
  expect(run.persistence.pending).toBe(1);
  const later = run.put({ value: 'newer', time: run.clock.now() });
  run.records.failing.clear();
  expect(await run.settle(later.durable)).toBe('durable');
  expect(run.recorded('key')).toBe('newer');
  expect(run.persistence.pending).toBe(0);
});

test('a failed removal is tried again without a wait of the writes beside it', async () => {
  const run = new PersistenceRun();
  await run.settle(run.persistence.load());
  await run.settle(run.put({ key: 'leaves' }).durable);
  run.records.failing.add('remove');
  const dat = run.store.get(authorKey(0), 'leaves', run.clock.now())!.dat;
  run.store.remove(dat.publicKey, dat.key);
  run.persistence.evicted(dat);
  expect(await run.settle(run.put({ key: 'stays' }).durable)).toBe('durable');
  expect(run.recorded('leaves')).toBeDefined();
  run.records.failing.clear();
  await run.clock.advance(20_000);
  expect([run.recorded('leaves'), run.recorded('stays') !== undefined]).toEqual([undefined, true]);
});

test('a record that the store refuses is reported, not retried for ever', async () => {
  const run = new PersistenceRun();
  run.records.refuse = (record): { outcome: 'rejected'; reason: 'quota' | 'stale' } | undefined =>
    decodeEntry(record.value).dat.key === 'fits' ? undefined : { outcome: 'rejected', reason: decodeEntry(record.value).dat.key === 'old' ? 'stale' : 'quota' };
  const outcomes = await run.settle(Promise.all([run.put({ key: 'fits' }).durable, run.put({ key: 'no' }).durable, run.put({ key: 'old' }).durable]));
  expect(outcomes).toEqual(['durable', 'NODE_RECORDS_FAILED', 'durable']);
  await run.clock.advance(60_000);
  expect(run.errors).toEqual(['NODE_RECORDS_FAILED']);
  // Three looks before the batch, the batch, and one look at what is newer there.
  expect(run.records.calls.length).toBe(5);
});

test('a store that declares no durability keeps nobody waiting', async () => {
  const clock = new VirtualClock();
  const records = new MemoryRecords(clock);
  records.capabilities = { durable: 'no', atomic: true, shared: false };
  const run = new PersistenceRun({ clock, records });
  run.records.failing.add('putMany');
  const { durable } = run.put({});
  expect(await durable).toBe('durable');
  await run.clock.advance(50);
  expect(run.errors.length).toBeGreaterThan(0);
});

test('while the record store fails, what waits stays bounded', async () => {
  const run = new PersistenceRun({ shardCapacityBytes: 300, maxPending: 500 });
  run.records.failing.add('putMany').add('remove');
  for (let at = 0; at < 5000; at++) {
    void run.put({ key: `k${at}`, value: '', time: run.clock.now() - 10_000 + at }).durable;
    if (at === 600) expect(run.persistence.saturated).toBe(true);
    if (at % 100 === 0) await run.clock.advance(1);
  }
  expect(run.persistence.pending).toBeLessThanOrEqual(500 + run.store.count);
  run.records.failing.clear();
  await run.clock.advance(60_000);
  expect(run.persistence.pending).toBe(0);
  for (const { dat } of run.store.scan(0, 5000, run.clock.now()).entries) expect(run.recorded(dat.key)).toBeDefined();
});

test('close writes what waits, ends waits it cannot serve, and says what was lost', async () => {
  const good = new PersistenceRun();
  const written = good.put({ value: 'last words' });
  await good.settle(good.persistence.close());
  expect([await written.durable, good.recorded('key')]).toEqual(['durable', 'last words']);
  expect(await outcomeOf(good.persistence.persisted(written.entry))).toBe('NODE_CLOSED');

  const hanging = new PersistenceRun();
  hanging.records.hanging = true;
  const never = hanging.put({});
  await hanging.clock.advance(10);
  const waiting = hanging.put({ key: 'behind it' });
  await hanging.clock.advance(20);
  const closedAt = hanging.clock.now();
  const closing = outcomeOf(hanging.persistence.close());
  expect(await hanging.settle(closing)).toBe('NODE_RECORDS_FAILED');
  // A program that gives a stop ten seconds in all can still say what was lost.
  expect(hanging.clock.now() - closedAt).toBeLessThan(9000);
  expect([await never.durable, await waiting.durable]).toEqual(['NODE_CLOSED', 'NODE_CLOSED']);
});

test('of the last run, valid entries come back and everything else is judged for what it is', async () => {
  const run = new PersistenceRun({ shardCapacityBytes: 1300 });
  leave(run, { key: 'good', value: 'good' });
  leave(run, { key: 'bad', value: 'forged' });
  leave(run, { key: 'early', value: 'future' });
  leave(run, { key: 'cheap', value: 'weak' });
  leave(run, { key: 'old', time: run.clock.now() - TTL_MS });
  leave(run, { key: 'old value', value: 'old', time: run.clock.now() - 500 });
  const elsewhere = leave(run, { key: 'elsewhere' });
  run.records.held.set('00', { key: Uint8Array.of(0), value: encodeEntry(elsewhere) });
  run.records.held.set('01', { key: Uint8Array.of(1), value: Uint8Array.of(1, 2, 3) });
  await run.settle(run.put({ key: 'old value', value: 'new' }).durable);
  const report = await run.settle(run.persistence.load());
  expect(report).toEqual({ records: 9, admitted: 2, superseded: 1, noRoom: 0, expired: 1, invalid: 1, held: 2, foreign: 2 });
  expect(['good', 'bad', 'early', 'cheap', 'old', 'old value'].map((key) => run.value(key))).toEqual(['good', undefined, undefined, undefined, undefined, 'new']);
  await run.settle(run.persistence.close());
  // Only what can never be served again is removed.
  expect(['good', 'bad', 'early', 'cheap', 'old', 'old value'].map((key) => run.recorded(key))).toEqual(['good', undefined, 'future', 'weak', undefined, 'new']);
  expect([run.records.held.has('00'), run.records.held.has('01')]).toEqual([true, true]);
});

test('records that no longer fit are removed, the ones of highest priority stay', async () => {
  const first = new PersistenceRun();
  for (let at = 0; at < 1000; at++) void first.put({ key: `k${at}`, value: '', time: first.clock.now() - 5000 + at }).durable;
  await first.settle(first.persistence.close());
  const second = new PersistenceRun({ records: first.records, clock: first.clock, shardCapacityBytes: 300 });
  const report = await second.settle(second.persistence.load());
  expect(report.admitted + report.noRoom).toBe(1000);
  await second.settle(second.persistence.close());
  expect(second.records.held.size).toBe(second.store.count);
  expect(second.store.count).toBeLessThanOrEqual(256);
  for (const { dat } of second.store.scan(0, 1000, second.clock.now()).entries) expect(second.recorded(dat.key)).toBe('');
});

test('from a store that others use too nothing is removed: not what has no room here, nor what is evicted, damaged or expired', async () => {
  const first = new PersistenceRun();
  for (let at = 0; at < 300; at++) void first.put({ key: `k${at}`, value: '', time: first.clock.now() - 5000 + at }).durable;
  await first.settle(first.persistence.close());
  const { records, clock } = first;
  records.capabilities = { ...records.capabilities, shared: true };
  const second = new PersistenceRun({ records, clock, shardCapacityBytes: 0 });
  leave(second, { key: 'bad', value: 'forged' });
  leave(second, { key: 'old', time: clock.now() - TTL_MS });
  expect(await second.settle(second.persistence.load())).toMatchObject({ records: 302, admitted: 0 });
  await second.settle(second.persistence.close());
  expect(records.held.size).toBe(302);

  // Evicted after it was written, and before: the latter was acknowledged to nobody.
  const third = new PersistenceRun({ records, clock, shardCapacityBytes: 300 });
  await third.settle(third.persistence.load());
  const puts = Array.from({ length: 800 }, (_, at) => third.put({ key: `new ${at}`, value: '', time: clock.now() + at }));
  const outcomes = await third.settle(Promise.all(puts.map(({ durable }) => durable)));
  await third.settle(third.persistence.close());
  expect(new Set(outcomes)).toEqual(new Set(['durable', 'NODE_NO_ROOM']));
  for (const [at, { entry }] of puts.entries()) if (outcomes[at] === 'durable') expect(third.recorded(entry.dat.key)).toBe('');
  for (let at = 0; at < 300; at++) expect(third.recorded(`k${at}`)).toBe('');
  expect(records.calls.some(({ method }) => method === 'remove')).toBe(false);
});

test('one record that cannot be read holds up neither reading, nor writing, nor stopping', async () => {
  const run = new PersistenceRun();
  for (const key of ['good', 'broken', 'broken too']) leave(run, { key, value: 'of the last run' });
  const keyOf = (key: string): string => hex(recordKey({ publicKey: authorKey(0), key }));
  for (const key of ['broken', 'broken too']) run.records.corrupt.add(keyOf(key));
  // Not everything has been read yet: whatever is written is compared with what is there.
  const puts = ['broken', 'other'].map((key) => run.put({ key, value: 'new' }).durable);
  expect(await run.settle(Promise.all(puts))).toEqual(['durable', 'durable']);
  expect([run.recorded('broken'), run.recorded('other')]).toEqual(['new', 'new']);
  expect(run.errors).toEqual(['NODE_RECORDS_FAILED']);
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'broken too' })!)).toBe(undefined);
  run.persistence.evicted(unsignedEntry({ key: 'broken too', time: run.clock.now() }).dat);
  expect(await run.settle(run.persistence.load())).toMatchObject({ admitted: 1 });
  await run.settle(run.persistence.close());
  expect([run.persistence.pending, run.value('good')]).toEqual([0, 'of the last run']);
});

test('an older copy from a peer does not overwrite a newer record that has not been read yet', async () => {
  const run = new PersistenceRun();
  leave(run, { value: 'newer', time: run.clock.now() - 100 });
  // Before anything is read, a peer sends what it has.
  const stale = run.put({ value: 'older', time: run.clock.now() - 200 });
  expect(await run.settle(stale.durable)).toBe('durable');
  expect([run.recorded('key'), run.value('key')]).toEqual(['newer', 'newer']);
  // Nor does the eviction of an older copy remove it.
  const gone = leave(run, { key: 'other', value: 'newer' });
  run.persistence.evicted(unsignedEntry({ key: 'other', time: gone.dat.time - 1 }).dat);
  await run.clock.advance(50);
  expect([run.recorded('other'), run.value('other')]).toEqual(['newer', 'newer']);
  // A forged record gives way.
  leave(run, { key: 'forged', value: 'forged', time: run.clock.now() });
  expect(await run.settle(run.put({ key: 'forged', value: 'true', time: run.clock.now() - 50 }).durable)).toBe('durable');
  expect(run.recorded('forged')).toBe('true');
});

test('closing before all is read leaves newer records alone', async () => {
  const run = new PersistenceRun();
  leave(run, { value: 'newer', time: run.clock.now() - 100 });
  const stale = run.put({ value: 'older', time: run.clock.now() - 200 });
  const loading = outcomeOf(run.persistence.load());
  const closing = run.persistence.close();
  await run.verifier.close();
  await run.settle(closing);
  expect(await loading).toBe('NODE_CLOSED');
  expect(run.recorded('key')).toBe('newer');
  expect(await stale.durable).toBe('NODE_CLOSED');
});

test('reading goes on where it stopped when the record store fails in between', async () => {
  const run = new PersistenceRun();
  for (let at = 0; at < 1000; at++) leave(run, { key: `k${at}` });
  run.records.failing.add('records');
  run.records.readsBeforeFailure = 300;
  const loading = run.persistence.load();
  expect(await run.clock.runUntil(() => run.errors.length === 2, 60_000)).toBe(true);
  const before = run.store.count;
  expect(before).toBeGreaterThan(300);
  run.records.failing.clear();
  const report = await run.settle(loading);
  expect(run.store.count).toBe(1000);
  expect(report.records).toBe(1000);
});

test('reading back takes turns with everything else', async () => {
  const run = new PersistenceRun();
  for (let at = 0; at < 1000; at++) leave(run, { key: `k${at}` });
  let turns = 0;
  const tick = (): void => {
    turns++;
    run.clock.setTimer(0, tick);
  };
  tick();
  await run.clock.runUntilSettled(run.persistence.load(), 1);
  expect(turns).toBeGreaterThan(5);
  expect(run.verifier.mostPending).toBeLessThanOrEqual(128);
});

test('a record is served before its turn, verified, and counted once', async () => {
  const run = new PersistenceRun();
  run.records.latencyMs = 10;
  const left = leave(run, { key: 'early', value: 'kept' });
  leave(run, { key: 'forged', value: 'forged' });
  const recalled = run.persistence.recall(left.dat);
  expect(await run.settle(recalled!)).toEqual(left);
  expect(run.value('early')).toBe('kept');
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'forged' })!)).toBeUndefined();
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'unknown' })!)).toBeUndefined();
  expect(await run.settle(run.persistence.load())).toMatchObject({ admitted: 0, superseded: 1 });
  expect(run.restored).toEqual(['early records']);
  // All is in memory now: a miss there is a miss.
  expect(run.persistence.recall({ publicKey: authorKey(0), key: 'unknown' })).toBeUndefined();
});

test('a recall that fails, hangs, is cut short by closing or is one too many does not say that nothing is there', async () => {
  const run = new PersistenceRun();
  leave(run, { key: 'key' });
  const name = { publicKey: authorKey(0), key: 'key' };
  run.records.failing.add('get');
  expect(await run.settle(run.persistence.recall(name)!)).toBe('unknown');
  run.records.failing.clear();

  run.records.hanging = true;
  const startedMs = run.clock.monotonic();
  expect(await run.settle(run.persistence.recall(name)!)).toBe('unknown');
  expect(run.clock.monotonic() - startedMs).toBeLessThanOrEqual(3000);

  const waiting = Array.from({ length: 1024 }, () => run.persistence.recall(name)!);
  expect(await run.persistence.recall(name)).toBe('unknown');
  await run.settle(run.persistence.close());
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['unknown']));
});

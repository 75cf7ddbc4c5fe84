import { VirtualClock } from '@p2p/testkit';
import { expect, test } from 'vitest';
import { authorKey } from '../../doubles/dats.ts';
import { MemoryRecords } from '../../doubles/memory-records.ts';
import { leave, PersistenceRun } from '../../doubles/persistence-run.ts';

test('from records that others write too, what memory lacks is read at any time, and what was newer there comes to memory', async () => {
  const clock = new VirtualClock();
  const records = new MemoryRecords(clock);
  const alone = new PersistenceRun({ clock, records });
  await alone.settle(alone.persistence.load());
  leave(alone, { key: 'late', value: 'of another' });
  // Nobody else writes there: what has been read is all there is.
  expect(alone.persistence.recall({ publicKey: authorKey(0), key: 'late' })).toBe(undefined);

  records.capabilities = { ...records.capabilities, shared: true };
  const run = new PersistenceRun({ clock, records });
  await run.settle(run.persistence.load());
  leave(run, { key: 'later', value: 'of another' });
  const recalled = run.persistence.recall({ publicKey: authorKey(0), key: 'later' });
  expect(await run.settle(recalled!)).toMatchObject({ dat: { key: 'later' } });
  expect(run.value('later')).toBe('of another');
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'nowhere' })!)).toBe(undefined);

  // Memory has no room for all of the fleet's: it is served all the same.
  const small = new PersistenceRun({ clock, records, shardCapacityBytes: 0 });
  await small.settle(small.persistence.load());
  expect(await small.settle(small.persistence.recall({ publicKey: authorKey(0), key: 'later' })!)).toMatchObject({ dat: { key: 'later' } });

  // While the record store fails, gets of what is not here do not wait for it each time.
  records.failing.add('get');
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'x' })!)).toBe('unknown');
  expect(run.persistence.recall({ publicKey: authorKey(0), key: 'x' })).toBe(undefined);
  records.failing.clear();
  await clock.advance(6000);
  expect(await run.settle(run.persistence.recall({ publicKey: authorKey(0), key: 'x' })!)).toBe(undefined);
});

test('what others have put newer ones of is taken over, however many at once, also after the record store failed', async () => {
  const clock = new VirtualClock();
  const records = new MemoryRecords(clock);
  records.capabilities = { ...records.capabilities, shared: true };
  const run = new PersistenceRun({ clock, records, shardCapacityBytes: 10_000_000 });
  await run.settle(run.persistence.load());
  records.refuse = (): { outcome: 'rejected'; reason: 'stale' } => ({ outcome: 'rejected', reason: 'stale' });
  const raced = async (from: number, to: number): Promise<void> => {
    const keys = Array.from({ length: to - from }, (_, at) => `key ${from + at}`);
    for (const key of keys) leave(run, { key, value: 'newer', time: clock.now() });
    const puts = keys.map((key) => run.put({ key, value: 'older', time: clock.now() - 5000 }).durable);
    expect(new Set(await run.settle(Promise.all(puts)))).toEqual(new Set(['durable']));
    await clock.advance(1000);
  };
  const newer = (): number => Array.from({ length: 3001 }, (_, at) => run.value(`key ${at}`)).filter((value) => value === 'newer').length;
  records.failing.add('get');
  await raced(0, 3000);
  expect(newer()).toBe(0);
  expect(run.counters.gets['recall-failed']).toBeGreaterThan(0);
  records.failing.clear();
  await raced(3000, 3001);
  expect(newer()).toBe(3001);
});

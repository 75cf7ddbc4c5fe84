import { createEventLog, TRACE, type EventLog } from '@p2p/trace';
import { expect, test } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { MemoryFileSystem, systemError } from '../memory-file-system.ts';

/** The spans of a log in the order in which they ended, such as `peers.save ok`. */
function endedSpans(log: EventLog): string[] {
  return log.query.where({ kinds: ['spanEnd'] }).flatMap((event) => (event.kind === 'spanEnd' ? [`${event.name} ${event.ok ? 'ok' : 'failed'}`] : []));
}

function newLog(): EventLog {
  return createEventLog({ slots: 256, strict: true });
}

test('opening, saving and waiting for the lock are spans', async () => {
  const log = newLog();
  const fs = new MemoryFileSystem();
  const cache = await BootstrapCache.open({ dir: '/state', traceLog: log }, fs);
  cache.add('peer', ['192.0.2.1:1']);
  expect(cache.selectPeers(1)).toHaveLength(1);
  expect(await cache.save()).toBe(true);
  // Nothing was there to load, so opening looked for an older file under the lock.
  expect(endedSpans(log)).toEqual(TRACE ? ['peers.lock ok', 'peers.open ok', 'peers.lock ok', 'peers.save ok'] : []);

  const [lock, save] = log.query.where({ kinds: ['spanEnd'] }).slice(-2);
  if (TRACE && lock?.kind === 'spanEnd') expect(lock).toMatchObject({ traceId: save?.traceId, parentSpanId: save?.spanId });
});

test('a save that fails is one that failed', async () => {
  const log = newLog();
  const fs = new MemoryFileSystem();
  const cache = await BootstrapCache.open({ dir: '/state', traceLog: log }, fs);
  cache.add('peer', ['192.0.2.1:1']);
  fs.before = (step) => {
    if (step === 'rename') throw systemError('ENOSPC');
  };
  await expect(cache.save()).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_WRITE_FAILED' });
  expect(endedSpans(log).slice(-2)).toEqual(TRACE ? ['peers.lock ok', 'peers.save failed'] : []);
});

test('a directory that cannot be used is an opening that failed, for the log alone', async () => {
  const log = newLog();
  const fs = new MemoryFileSystem();
  fs.before = () => {
    throw systemError('ENOSPC');
  };
  const cache = await BootstrapCache.open({ dir: '/state', traceLog: log }, fs);
  expect(cache.size).toBe(0);
  expect(endedSpans(log)).toEqual(TRACE ? ['peers.open failed'] : []);
});

test('in memory nothing is a span', async () => {
  const log = newLog();
  const cache = await BootstrapCache.open({ persist: false, traceLog: log });
  expect(await cache.save()).toBe(false);
  await cache.close();
  expect(endedSpans(log)).toEqual([]);
});

test('a log that is none is a mistake of the caller', async () => {
  await expect(BootstrapCache.open({ persist: false, traceLog: {} as EventLog })).rejects.toThrow(/traceLog/);
});

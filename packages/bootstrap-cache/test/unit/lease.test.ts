import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { takeLock } from '../../src/io/directory-lock.ts';
import { Lease, type Watched } from '../../src/io/lease.ts';
import { describeSelf, isCertainlyDead, type Owner, parseOwner } from '../../src/io/owner.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { addPeers } from '../open-cache.ts';

const LOCK = '/state/lock';
const FOREIGN: Owner = { token: 'foreign', pid: 4711, machine: 'boot:elsewhere', pidSpace: 'pid:[1]', startedAt: '1', hasOsLock: true };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function held(fs: MemoryFileSystem, owner: Owner | string, generation: number = 7): void {
  fs.put(`${LOCK}.${generation}`, Buffer.from(typeof owner === 'string' ? owner : `H${JSON.stringify(owner)}`));
}

const tryTake = (fs: MemoryFileSystem, watched?: Watched): Promise<Lease | Watched> => Lease.tryTake(fs, '/state', 'lock', describeSelf(true), watched);

test.each([
  ['another machine', FOREIGN],
  ['another container on this machine', { ...describeSelf(true), token: 'other', pid: 4711, pidSpace: 'pid:[2]', hasOsLock: false }],
  ['nobody knows whom', 'H{half writ'],
  ['one whose file is still empty', ''],
])('the lease of %s runs out after ten seconds without renewal, on the watcher\'s clock', async (_, owner) => {
  const fs = new MemoryFileSystem();
  held(fs, owner);
  let watched = (await tryTake(fs)) as Watched;
  expect(watched).not.toBeInstanceOf(Lease);
  await vi.advanceTimersByTimeAsync(9_000);
  // The owner lives: its renewal starts the time again.
  fs.files.get(`${LOCK}.7`)!.modifiedMs += 1;
  watched = (await tryTake(fs, watched)) as Watched;
  await vi.advanceTimersByTimeAsync(9_999);
  watched = (await tryTake(fs, watched)) as Watched;
  expect(watched).not.toBeInstanceOf(Lease);
  await vi.advanceTimersByTimeAsync(2);
  const taken = await tryTake(fs, watched);
  expect(taken).toBeInstanceOf(Lease);
  await (taken as Lease).release();
});

test('only one of those who find a dead owner takes over', async () => {
  const fs = new MemoryFileSystem();
  const dead = { ...describeSelf(false), pid: 2 ** 22 + 1 };
  held(fs, dead);
  const taken = await Promise.all(Array.from({ length: 8 }, () => tryTake(fs)));
  const leases = taken.filter((one) => one instanceof Lease);
  expect(leases).toHaveLength(1);
  expect(await leases[0]!.isHeld()).toBe(true);
  await leases[0]!.release();
  expect([...fs.files.keys()].filter((path) => path.endsWith('.tmp'))).toEqual([]);
});

test('a pid that was given to another process does not count as its old owner', () => {
  const self = describeSelf(false);
  expect(isCertainlyDead(self, self)).toBe(false);
  expect(isCertainlyDead({ ...self, pid: 2 ** 22 + 1 }, self)).toBe(true);
  // Only Linux tells when a process began.
  expect(isCertainlyDead({ ...self, startedAt: '17' }, self)).toBe(self.startedAt !== '');
  expect(isCertainlyDead({ ...self, pid: 2 ** 22 + 1, pidSpace: 'pid:[9]' }, self)).toBe(false);
  for (const text of ['', 'null', '{}', '{"pid":-1}', '[']) expect(parseOwner(text)).toBeUndefined();
});

test('who holds the kernel\'s lock sees at once that a holder of it on the same kernel has died', async () => {
  const fs = new MemoryFileSystem();
  held(fs, { ...FOREIGN, machine: describeSelf(true).machine });
  const taken = await tryTake(fs);
  expect(taken).toBeInstanceOf(Lease);
  await (taken as Lease).release();
});

test('a lease is renewed while it is held, and free after its release', async () => {
  const fs = new MemoryFileSystem();
  const lease = (await tryTake(fs)) as Lease;
  const before = fs.files.get(`${LOCK}.1`)!.modifiedMs;
  await vi.advanceTimersByTimeAsync(4_001);
  expect(fs.files.get(`${LOCK}.1`)!.modifiedMs).toBeGreaterThan(before + 1);
  await lease.release();
  const next = (await tryTake(fs)) as Lease;
  expect(next).toBeInstanceOf(Lease);
  expect(await lease.isHeld()).toBe(false);
  await next.release();
});

test('a stale view of the directory creates no second owner', async () => {
  const fs = new MemoryFileSystem();
  held(fs, 'F', 3);
  // Between this one's listing and its creation others have come and gone, up to generation 20.
  let isFirst = true;
  const real = fs.list.bind(fs);
  fs.list = async (directory): Promise<string[]> => {
    const names = await real(directory);
    if (isFirst) {
      isFirst = false;
      fs.files.delete(`${LOCK}.3`);
      held(fs, describeSelf(false), 20);
    }
    return names;
  };
  expect(await tryTake(fs)).not.toBeInstanceOf(Lease);
  expect([...fs.files.keys()]).toEqual([`${LOCK}.20`]);
});

test('waiting for a lock ends with a code that says so', async () => {
  vi.useRealTimers();
  const fs = new MemoryFileSystem();
  held(fs, describeSelf(false));
  await expect(takeLock(fs, '/state', 'lock', { timeoutMs: 50, keepAlive: true, osLocks: undefined })).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_LOCK_TIMEOUT' });
});

test('a save whose lock was taken over writes nothing and keeps its changes', async () => {
  vi.useRealTimers();
  const fs = new MemoryFileSystem();
  const cache = await BootstrapCache.open({ dir: '/state' }, fs);
  addPeers(cache, 5);
  fs.before = (step): void => {
    if (step === 'sync') fs.put('/state/peers-default.lock.99', Buffer.from(`H${JSON.stringify(FOREIGN)}`));
  };
  await expect(cache.save()).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_LOCK_LOST' });
  fs.before = () => undefined;
  expect(fs.files.has('/state/peers-default.cache')).toBe(false);
  fs.files.delete('/state/peers-default.lock.99');
  expect(await cache.save()).toBe(true);
  expect((await BootstrapCache.open({ dir: '/state' }, fs)).size).toBe(5);
});

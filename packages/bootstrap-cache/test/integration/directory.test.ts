import { spawnSync } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { addPeers, lonelyAddress } from '../open-cache.ts';
import { runChild } from './child.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('files are for their owner only', async () => {
  const dir = join(await temporaryDirectory(), 'made', 'for', 'us');
  const cache = await BootstrapCache.open({ dir });
  addPeers(cache, 3);
  await cache.save();
  cache.recordFailure('peer-1');
  await cache.save();
  for (const name of ['peers-default.cache', 'peers-default.cache.previous']) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
});

test('persist: false touches no disk', async () => {
  const dir = join(await temporaryDirectory(), 'untouched');
  const cache = await BootstrapCache.open({ dir, persist: false });
  addPeers(cache, 3);
  expect(await cache.save()).toBe(false);
  await cache.close();
  await expect(stat(dir)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a file where the directory should be means memory only', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const path = join(await temporaryDirectory(), 'file');
  await writeFile(path, 'in the way');
  const cache = await BootstrapCache.open({ dir: path });
  addPeers(cache, 3);
  expect(await cache.save()).toBe(false);
  expect(cache.stats().degraded).toBe(true);
  await cache.close();
  expect(warn).toHaveBeenCalledTimes(1);
});

test.skipIf(process.platform !== 'linux')('a directory that cannot be made means memory only, also where the file system says ENOENT for ever', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const cache = await BootstrapCache.open({ dir: '/proc/no/such' });
  expect(cache.stats().degraded).toBe(true);
  await cache.close();
  expect(warn).toHaveBeenCalledTimes(1);
});

test.skipIf(process.platform === 'win32')('a pipe under the name of the file is set aside: waiting for its writer would hang', async () => {
  const dir = await temporaryDirectory();
  expect(spawnSync('mkfifo', [join(dir, 'peers-default.cache')]).status).toBe(0);
  const cache = await BootstrapCache.open({ dir });
  addPeers(cache, 3);
  await cache.close();
  expect((await BootstrapCache.open({ dir })).size).toBe(3);
  expect((await readdir(dir)).filter((name) => name.endsWith('.bad'))).toHaveLength(1);
});

test('networks in one directory are kept apart', async () => {
  const dir = await temporaryDirectory();
  for (const [network, count] of [['main', 3], ['test', 5]] as const) {
    const cache = await BootstrapCache.open({ dir, network });
    addPeers(cache, count);
    await cache.close();
  }
  expect((await BootstrapCache.open({ dir, network: 'main' })).size).toBe(3);
  expect((await BootstrapCache.open({ dir, network: 'test' })).size).toBe(5);
});

test('maintenance and open caches do not keep a process alive', async () => {
  const { code, stdout, stderr } = await runChild('idle.ts', [await temporaryDirectory()]);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe('open');
});

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!isRoot)('a full disk loses nothing that was saved before (needs root to mount a small tmpfs)', async (context) => {
  const path = join(await temporaryDirectory(), 'disk');
  await mkdir(path);
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path]).status !== 0) context.skip('this root may not mount');
  try {
    const cache = await BootstrapCache.open({ dir: path });
    addPeers(cache, 300, 'before');
    cache.recordSuccess('before-1');
    await cache.save();
    const ballast = join(path, 'ballast');
    spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1k', 'count=1024']);
    addPeers(cache, 1000, 'more');
    cache.recordSuccess('before-1');
    await expect(cache.save()).rejects.toMatchObject({ code: 'BOOTSTRAP_CACHE_WRITE_FAILED', cause: { code: 'ENOSPC' } });
    const other = await BootstrapCache.open({ dir: path });
    expect(other.size).toBe(300);
    expect(other.get('before-1')!.stats.successes).toBe(1);
    spawnSync('rm', [ballast]);
    cache.add('last', [lonelyAddress(5000)]);
    expect(await cache.save()).toBe(true);
    const again = await BootstrapCache.open({ dir: path });
    expect(again.size).toBe(1301);
    expect(again.get('before-1')!.stats.successes).toBe(2);
  } finally {
    spawnSync('umount', [path]);
  }
});

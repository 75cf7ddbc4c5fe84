import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { withDirectory } from '../temporary-directory.ts';

const PROGRAM = new URL('./programs/hold-lease.ts', import.meta.url).pathname;

function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { stdio: 'pipe' });
    return true;
  } catch {
    // Not root in earnest, or not Linux.
    return false;
  }
}

async function withEntry(fn: (cache: LocalCacheBackend, cacheDir: string) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const cacheDir = join(dir, 'cache');
    const cache = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 });
    try {
      await (await cache.put('key', writeValueTree(join(dir, 'source'), 'value'), '')).release();
      await fn(cache, cacheDir);
    } finally {
      await cache.close();
    }
  });
}

/** Starts a process that holds the entry, and waits until it does. */
async function holder(cacheDir: string, wrapper: readonly string[] = []): Promise<ChildProcess> {
  const args = [...wrapper, process.execPath, PROGRAM, cacheDir];
  const child = spawn(args[0] ?? process.execPath, args.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
    child.once('exit', (code) => reject(new Error(`the holder ended with ${String(code)}`)));
  });
  expect(said).toBe('held');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
}

describe('a lease of another process', () => {
  test('keeps the tree from being pruned and replaced away, and ends when the process is killed', async () => {
    await withEntry(async (cache, cacheDir) => {
      const child = await holder(cacheDir);
      const trees = (): string[] => fs.readdirSync(join(cacheDir, 'trees'), { recursive: true }).map(String).filter((name) => /^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name));
      expect((await cache.prune({ maxEntries: 0 })).skipped).toEqual([{ key: 'key', reason: 'leased' }]);
      await cache.invalidate('key');
      await cache.repair();
      expect(trees()).toHaveLength(1);
      await kill(child);
      await cache.repair();
      expect(trees()).toHaveLength(0);
    });
  });

  test.skipIf(!canUnshare())('in a container counts while the process lives, and no longer (needs the right to unshare)', async () => {
    await withEntry(async (cache, cacheDir) => {
      // As in a container: its pids mean nothing here.
      const child = await holder(cacheDir, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
      expect((await cache.prune({ maxEntries: 0 })).skipped).toEqual([{ key: 'key', reason: 'leased' }]);
      await kill(child);
      // The kernel ends the namespace with the process, in its own time.
      await expect.poll(async () => (await cache.prune({ maxEntries: 0 })).evicted, { timeout: 10_000 }).toBe(1);
    });
  });
});

describe('who counts as dead', () => {
  const ids = { dead: '1-00112233445566aa' };
  const plant = (cacheDir: string, change: (owner: Record<string, unknown>) => Record<string, unknown>): void => {
    const [own = ''] = fs.readdirSync(join(cacheDir, 'leases'));
    const owner = JSON.parse(fs.readFileSync(join(cacheDir, 'leases', own, 'owner.json'), 'utf8')) as Record<string, unknown>;
    const directory = join(cacheDir, 'leases', ids.dead);
    fs.mkdirSync(directory);
    fs.writeFileSync(join(directory, 'owner.json'), JSON.stringify({ ...change(owner), id: ids.dead }));
    const [tree = ''] = fs.readdirSync(join(cacheDir, 'trees'), { recursive: true }).map(String).filter((name) => /^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name));
    fs.writeFileSync(join(directory, `t.${tree.slice(3)}`), '');
  };

  test.for<[string, (owner: Record<string, unknown>) => Record<string, unknown>, boolean]>([
    ['a living process', (owner) => owner, false],
    ['a process whose pid another has now', (owner) => ({ ...owner, startedAt: '1' }), true],
    ['a process of another boot', (owner) => ({ ...owner, machine: 'boot:another' }), true],
    ['a process that is gone', (owner) => ({ ...owner, pid: 2 ** 22 + 1 }), true],
  ])('%s', async ([, change, isDead]) => {
    await withEntry(async (cache, cacheDir) => {
      plant(cacheDir, change);
      expect((await cache.prune({ maxEntries: 0 })).evicted).toBe(isDead ? 1 : 0);
      const other = await LocalCacheBackend.open({ dir: cacheDir, threads: 1 });
      expect(fs.existsSync(join(cacheDir, 'leases', ids.dead))).toBe(!isDead);
      await other.close();
    });
  });

  test('with lease files, an owner on another machine lives as long as it renews', async () => {
    await withEntry(async (cache, cacheDir) => {
      plant(cacheDir, (owner) => ({ ...owner, machine: 'boot:another' }));
      const other = await LocalCacheBackend.open({ dir: cacheDir, threads: 1, locks: 'lease-files', graceMs: 1 });
      expect((await other.prune({ maxEntries: 0 })).skipped).toEqual([{ key: 'key', reason: 'leased' }]);
      await other.close();
      const hit = await cache.get('key');
      expect(readValueTree(hit?.path ?? '')).toBe('value');
      await hit?.release();
    });
  });
});

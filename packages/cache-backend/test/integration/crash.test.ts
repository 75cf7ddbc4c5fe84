import { execFile, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { type Allowed, checkAfterCrash, checkNothingLeft } from '../invariants.ts';
import { withDirectory } from '../temporary-directory.ts';

const PROGRAM = new URL('./programs/do-and-die.ts', import.meta.url).pathname;
const PUT: Allowed = { key: ['old', 'new'], other: ['other'] };
const SAME: Allowed = { key: ['old'], other: ['other'] };
const GONE: Allowed = { key: ['old', undefined], other: ['other', undefined] };

/** What is done, at which step and passing of it the process dies, and what may be there afterwards. */
const DEATHS: readonly [what: string, step: string, at: number, allowed: Allowed][] = [
  ['put', 'put:container-made', 1, SAME],
  ['put', 'put:file', 1, SAME],
  ['put', 'put:file', 3, SAME],
  ['put', 'put:attributes', 1, SAME],
  ['put', 'put:manifest-written', 1, SAME],
  ['put', 'put:tree-synced', 1, SAME],
  ['put', 'put:pool-filled', 1, SAME],
  ['put', 'lease:acquired', 1, SAME],
  ['put', 'lease:acquired', 2, SAME],
  ['put', 'put:tree-renamed', 1, SAME],
  ['put', 'put:trees-synced', 1, SAME],
  ['put', 'put:pointer-written', 1, SAME],
  ['put', 'put:pointer-synced', 1, SAME],
  ['put', 'put:pointer-renamed', 1, { key: ['new'], other: ['other'] }],
  ['put', 'put:published', 1, { key: ['new'], other: ['other'] }],
  ['put', 'prune:intent', 1, { key: ['new'], other: ['other'] }],
  ['put', 'prune:trashed', 1, { key: ['new'], other: ['other'] }],
  ['put-again', 'put:published', 1, SAME],
  ['move', 'put:moved-in', 1, SAME],
  ['move', 'put:tree-renamed', 1, PUT],
  ['build', 'build:filled', 1, { ...SAME, fresh: [undefined] }],
  ['build', 'put:file', 1, { ...SAME, fresh: [undefined] }],
  ['build', 'put:moved-in', 1, { ...SAME, fresh: [undefined] }],
  ['build', 'put:published', 1, { ...SAME, fresh: ['new'] }],
  ['touch', 'lease:acquired', 1, SAME],
  ['touch', 'touch:one', 1, SAME],
  ['touch', 'touch:one', 2, SAME],
  ['prune', 'prune:intent', 1, SAME],
  ['prune', 'prune:before-pointer', 2, GONE],
  ['prune', 'prune:pointer-removed', 1, GONE],
  ['prune', 'prune:trashed', 1, GONE],
  ['prune', 'trash:pool-released', 1, GONE],
  ['prune', 'remove:file', 2, GONE],
  ['prune', 'trash:removed', 1, GONE],
  ['invalidate', 'invalidate:removed', 1, { key: [undefined], other: ['other'] }],
  ['repair', 'lease:acquired', 1, SAME],
  ['repair', 'repair:entry', 1, SAME],
  ['repair', 'prune:intent', 1, SAME],
  ['repair', 'prune:trashed', 1, SAME],
  ['recover', 'recover:tmp-trashed', 1, SAME],
];

const template = mkdtempSync(join(tmpdir(), 'cache-template-'));
beforeAll(() => makeTemplate(template));
afterAll(() => rmSync(template, { recursive: true }));

/** A store with two entries. `cp -a` keeps its hard links and times. */
async function prepare(dir: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', join(template, 'cache'), dir]);
}

async function makeTemplate(dir: string): Promise<void> {
  const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
  for (const [key, value] of [['key', 'old'], ['other', 'other']] as const) {
    const hit = await cache.put(key, writeValueTree(join(dir, `source-${value}`), value), value);
    await hit.release();
  }
  await cache.close();
}

/** Runs the program until it is killed; true when it was, and not by itself done. */
async function die(dir: string, what: string, step: string, at: number): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, join(dir, 'cache'), what, step, String(at)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => (complaint += data.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('exit', (...result) => resolve(result)));
  if (code !== null && code !== 0) throw new Error(complaint);
  return signal === 'SIGKILL';
}

describe('a process that is killed leaves the old entry, the new one or a miss, and the next one cleans up', () => {
  test.concurrent.for(DEATHS)('%s at %s, passing %i', { timeout: 120_000 }, async ([what, step, at, allowed]) => {
    await withDirectory(async (dir) => {
      await prepare(dir);
      const cache = join(dir, 'cache');
      if (what === 'repair') damage(cache);
      // Recovering needs something to recover.
      if (what === 'recover') expect(await die(dir, 'put', 'put:file', 2)).toBe(true);
      expect(await die(dir, what, step, at)).toBe(true);
      await checkAfterCrash(cache, allowed);
    });
  });
});

/** Something for a repair to do: a tree that nothing leads to. */
function damage(cache: string): void {
  const stranger = join(cache, 'trees', 'ab', 'ab'.repeat(32));
  mkdirSync(join(stranger, 'tree'), { recursive: true });
  writeFileSync(join(stranger, 'tree', 'x'), 'x');
}

describe('the check after a crash finds what a wrong order of steps would leave', () => {
  const plant = (name: string, allowed: Allowed, planted: (cache: string) => void, complaint: RegExp): void => {
    test(name, async () => {
      await withDirectory(async (dir) => {
        await prepare(dir);
        planted(join(dir, 'cache'));
        await expect(checkAfterCrash(join(dir, 'cache'), allowed)).rejects.toThrow(complaint);
      });
    });
  };
  const trees = (cache: string): string[] => readdirSync(join(cache, 'trees')).flatMap((shard) => readdirSync(join(cache, 'trees', shard)).map((name) => join(cache, 'trees', shard, name)));

  plant('a pointer written before its tree', SAME, (cache) => trees(cache).forEach((tree) => rmSync(tree, { recursive: true })), /says undefined/);
  plant('a tree removed file by file while a key leads to it', SAME, (cache) => trees(cache).forEach((tree) => rmSync(join(tree, 'tree', 'sub', 'c'))), /says undefined/);
  plant('a tree whose bytes did not reach the disk', SAME, (cache) => trees(cache).forEach((tree) => appendFileSync(join(tree, 'tree', 'a'), '\0')), /says undefined/);
  test('leftovers that nobody reclaims', async () => {
    await withDirectory(async (dir) => {
      await prepare(dir);
      const cache = join(dir, 'cache');
      checkNothingLeft(cache);
      mkdirSync(join(cache, 'trash', 'x'));
      expect(() => checkNothingLeft(cache)).toThrow(/leftovers in trash/);
      rmSync(join(cache, 'trash', 'x'), { recursive: true });
      cpSync(trees(cache)[0] ?? '', join(cache, 'trees', 'ab', 'ab'.repeat(32)), { recursive: true });
      rmSync(join(cache, 'trees', 'ab', 'ab'.repeat(32), 'refs'), { recursive: true });
      mkdirSync(join(cache, 'trees', 'ab', 'ab'.repeat(32), 'refs'));
      expect(() => checkNothingLeft(cache)).toThrow(/no key leads to/);
    });
  });
});

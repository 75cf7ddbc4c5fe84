import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readValueTree, writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { hashKey } from '../../src/io/store/layout.ts';
import { formatPointer, parsePointer, type Pointer } from '../../src/pointer.ts';
import { withDirectory } from '../temporary-directory.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

interface Scene {
  readonly dir: string;
  readonly cacheDir: string;
  readonly pointer: string;
  readonly otherPointer: string;
  readonly container: string;
  readonly outside: string;
}

/** What somebody with the right to write into the cache's directory may have done to it. After each: nothing wrong is served, nothing outside is touched. */
const ATTACKS: readonly [name: string, attack: (scene: Scene) => void, verify?: 'full'][] = [
  ['a pointer cut short', ({ pointer }) => fs.truncateSync(pointer, 100)],
  ['an empty pointer', ({ pointer }) => fs.truncateSync(pointer, 0)],
  ['a flipped bit in a pointer', ({ pointer }) => flip(pointer, 200)],
  ['a pointer that is a link', ({ pointer, otherPointer }) => { fs.rmSync(pointer); fs.symlinkSync(otherPointer, pointer); }],
  ['a pointer that is a directory', ({ pointer }) => { fs.rmSync(pointer); fs.mkdirSync(pointer); }],
  ['a pointer of another key', ({ pointer, otherPointer }) => fs.copyFileSync(otherPointer, pointer)],
  ['a pointer with a forged key', ({ pointer }) => forge(pointer, { key: '../../outside' })],
  ['a pointer whose tree leads out', ({ pointer }) => forge(pointer, { tree: '../../../outside' })],
  ['a pointer with an absolute tree', ({ pointer, outside }) => forge(pointer, { tree: outside })],
  ['a pointer to a tree that is not there', ({ pointer }) => forge(pointer, { tree: 'ab'.repeat(32) })],
  ['a pointer of a huge size', ({ pointer }) => fs.truncateSync(pointer, 2 ** 31)],
  ['a container that is a link to outside', ({ container, outside }) => { fs.rmSync(container, { recursive: true }); fs.symlinkSync(outside, container); }],
  ['a tree that is a link to outside', ({ container, outside }) => { fs.rmSync(join(container, 'tree'), { recursive: true }); fs.symlinkSync(outside, join(container, 'tree')); }],
  ['a tree that is gone', ({ container }) => fs.rmSync(join(container, 'tree'), { recursive: true })],
  ['a container that is gone', ({ container }) => fs.rmSync(container, { recursive: true })],
  ['a manifest that is gone', ({ container }) => fs.rmSync(join(container, 'manifest'))],
  ['a manifest cut short', ({ container }) => rewrite(join(container, 'manifest'), (text) => text.slice(0, 60))],
  ['a manifest with a path that leads out', ({ container }) => rewrite(join(container, 'manifest'), (text) => text.replace('sub/b', '../../b'))],
  ['a flipped bit in a manifest', ({ container }) => flip(join(container, 'manifest'), 50)],
  ['a manifest of a huge size', ({ container }) => { fs.chmodSync(join(container, 'manifest'), 0o600); fs.truncateSync(join(container, 'manifest'), 2 ** 30); }],
  ['a manifest that is a link', ({ container, outside }) => { fs.rmSync(join(container, 'manifest')); fs.symlinkSync(join(outside, 'keep'), join(container, 'manifest')); }],
  ['a flipped bit in a file, its time restored', ({ container }) => { const path = join(container, 'tree', 'a'); const { atime, mtime } = fs.statSync(path); flip(path, 0); fs.utimesSync(path, atime, mtime); }, 'full'],
  ['a file cut short', ({ container }) => fs.truncateSync(join(container, 'tree', 'a'), 1), 'full'],
  ['a file replaced by a link to outside', ({ container, outside }) => { fs.rmSync(join(container, 'tree', 'a')); fs.symlinkSync(join(outside, 'keep'), join(container, 'tree', 'a')); }, 'full'],
  ['two files swapped', ({ container }) => { fs.renameSync(join(container, 'tree', 'a'), join(container, 'x')); fs.renameSync(join(container, 'tree', 'sub', 'b'), join(container, 'tree', 'a')); fs.renameSync(join(container, 'x'), join(container, 'tree', 'sub', 'b')); fs.appendFileSync(join(container, 'tree', 'a'), 'x'); }, 'full'],
  ['a FIFO in place of a file', ({ container }) => { fs.rmSync(join(container, 'tree', 'sub', 'b')); execMkfifo(join(container, 'tree', 'sub', 'b')); }, 'full'],
  ['a file more, at the root', ({ container }) => fs.writeFileSync(join(container, 'tree', 'stranger'), 'x')],
  ['a root with another mode', ({ container }) => fs.chmodSync(join(container, 'tree'), 0o777)],
  ['names in refs that lead nowhere', ({ container }) => { fs.writeFileSync(join(container, 'refs', '..%2f..%2foutside'), ''); fs.writeFileSync(join(container, 'refs', 'ff'.repeat(32)), ''); }],
];

describe('a store that was tampered with serves nothing that was not put, and leads nowhere else', () => {
  test.for(ATTACKS)('%s', async ([_name, attack, verify]) => {
    await withDirectory(async (dir) => {
      const scene = await prepare(dir);
      attack(scene);
      const cache = await LocalCacheBackend.open({ dir: scene.cacheDir });
      try {
        const hit = await cache.get('key', { verify: verify ?? 'metadata' });
        if (hit !== undefined) expect(readValueTree(hit.path)).toBe('value');
        await hit?.release();
        for await (const { key } of cache.list()) expect(['key', 'other']).toContain(key);
        const repaired = await cache.repair();
        expect((await cache.verify()).corrupt, JSON.stringify(repaired)).toEqual([]);
        await (await cache.put('key', writeValueTree(join(dir, 'again'), 'again'), '')).release();
        const again = await cache.get('key', { verify: 'full' });
        expect(readValueTree(again?.path ?? '')).toBe('again');
        await again?.release();
        await cache.invalidate('other');
        expect((await cache.prune({ maxEntries: 0 })).limitsHold).toBe(true);
      } finally {
        await cache.close();
      }
      expect(fs.readFileSync(join(scene.outside, 'keep'), 'utf8')).toBe('keep');
      expect(fs.readdirSync(scene.outside)).toEqual(['keep']);
    });
  });

  test('without the checks the same damage would be served: each of them is needed', async () => {
    await withDirectory(async (dir) => {
      const scene = await prepare(dir);
      fs.writeFileSync(join(scene.container, 'tree', 'a'), 'wrong');
      const cache = await LocalCacheBackend.open({ dir: scene.cacheDir });
      for (const verify of ['none', 'metadata'] as const) {
        const hit = await cache.get('key', { verify });
        expect(fs.readFileSync(join(hit?.path ?? '', 'a'), 'utf8')).toBe('wrong');
        await hit?.release();
      }
      expect(await cache.get('key', { verify: 'full' })).toBeUndefined();
      expect(fs.readdirSync(join(scene.cacheDir, 'quarantine'))).toHaveLength(1);
      await cache.close();
    });
  });
});

const template = fs.mkdtempSync(join(tmpdir(), 'cache-template-'));
let treeName = '';

beforeAll(async () => {
  const cache = await LocalCacheBackend.open({ dir: join(template, 'cache') });
  const hit = await cache.put('key', writeValueTree(join(template, 'source'), 'value'), '');
  await (await cache.put('other', writeValueTree(join(template, 'source-2'), 'other value'), '')).release();
  treeName = hit.entry.treeDigest ?? '';
  await hit.release();
  await cache.close();
});
afterAll(() => fs.rmSync(template, { recursive: true }));

/** A store with two entries. `cp -a` keeps its hard links and times. */
async function prepare(dir: string): Promise<Scene> {
  const cacheDir = join(dir, 'cache');
  const outside = join(dir, 'outside');
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'keep'), 'keep');
  execFileSync('cp', ['-a', join(template, 'cache'), cacheDir]);
  const container = join(cacheDir, 'trees', treeName.slice(0, 2), treeName);
  const pointerOf = (key: string): string => join(cacheDir, 'keys', hashKey(key).slice(0, 2), hashKey(key));
  return { dir, cacheDir, pointer: pointerOf('key'), otherPointer: pointerOf('other'), container, outside };
}

function flip(path: string, at: number): void {
  fs.chmodSync(path, 0o600);
  const bytes = fs.readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  fs.writeFileSync(path, bytes);
}

function rewrite(path: string, change: (text: string) => string): void {
  fs.chmodSync(path, 0o600);
  fs.writeFileSync(path, change(fs.readFileSync(path, 'latin1')), 'latin1');
}

/** A pointer with other content and the digest that goes with it. */
function forge(path: string, change: Partial<Pointer>): void {
  const pointer = parsePointer(fs.readFileSync(path, 'utf8'), sha256);
  if (pointer === undefined) throw new Error('the pointer to forge cannot be read');
  fs.writeFileSync(path, formatPointer({ ...pointer, ...change }, sha256));
}

function execMkfifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

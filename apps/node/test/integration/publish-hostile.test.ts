import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { bindValue, createDat } from '@p2p/dave-wire';
import { describe, expect, test } from 'vitest';
import { decodePointer, encodePointer, pointerKey, type Pointer } from '../../src/publish/core/pointer.ts';
import { assertReadable } from '../../src/publish/core/readable.ts';
import { CachedTrees } from '../../src/publish/io/cached-trees.ts';
import { dropStaleBlocks, incomingDirectory } from '../../src/publish/io/incoming-blocks.ts';
import { pointerOf } from '../../src/publish/io/pointer-dat.ts';
import { PublishBench } from '../doubles/publish-bench.ts';
import { describeTree, makeTree } from './tree-fixture.ts';

/** A bench whose tree has been published. */
async function published(): Promise<PublishBench> {
  const bench = new PublishBench();
  makeTree(bench.source, { files: 30, bytes: 100_000 });
  await bench.publish();
  return bench;
}

const blocksAsked = (bench: PublishBench): number => bench.network.asked.filter((key) => key.startsWith('t1/')).length;
const pointerIn = (bench: PublishBench): Pointer => pointerOf([...bench.network.dats.values()].find(({ key }) => key === 'tree/tree')!);

describe('blocks are kept in a file of our own', () => {
  test.each<[string, (path: string, outside: string) => void]>([
    ['a link', (path, outside) => symlinkSync(outside, path)],
    ['a link to nothing', (path, outside) => symlinkSync(`${outside}-new`, path)],
    ['another name of a file', (path, outside) => linkSync(outside, path)],
    ['a directory', (path) => mkdirSync(path)],
  ])('%s in its place gives way', async (_what, plant) => {
    await using bench = await published();
    const outside = join(bench.home, 'outside');
    writeFileSync(outside, 'keep');
    mkdirSync(incomingDirectory(bench.readerDir), { recursive: true });
    plant(join(incomingDirectory(bench.readerDir), pointerIn(bench).root), outside);
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
    expect(readFileSync(outside, 'utf8')).toBe('keep');
    expect(existsSync(`${outside}-new`)).toBe(false);
  });

  test('until the tree is in the cache: what the cache refuses is not fetched again', async () => {
    await using bench = await published();
    bench.beforeKept = () => {
      throw Object.assign(new Error('no space'), { code: 'CACHE_NO_SPACE' });
    };
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'CACHE_NO_SPACE' });
    expect(blocksAsked(bench)).toBeGreaterThan(0);
    bench.beforeKept = undefined;
    bench.network.asked.length = 0;
    expect((await bench.fetch()).downloaded).toMatchObject({ fetched: 0 });
    expect(blocksAsked(bench)).toBe(0);
    expect(readdirSync(incomingDirectory(bench.readerDir))).toEqual([]);
  });

  test('those of fetches that were given up are removed after a week', async () => {
    await using bench = await published();
    const incoming = incomingDirectory(bench.readerDir);
    await dropStaleBlocks(bench.readerDir, Date.now());
    mkdirSync(incoming, { recursive: true });
    writeFileSync(join(incoming, 'old'), 'x');
    await dropStaleBlocks(bench.readerDir, Date.now() + 6 * 86_400_000);
    expect(readdirSync(incoming)).toEqual(['old']);
    await dropStaleBlocks(bench.readerDir, Date.now() + 8 * 86_400_000);
    expect(readdirSync(incoming)).toEqual([]);
  });
});

describe('what cannot be kept is refused before a block of a file is fetched', () => {
  test('a tree larger than the cache may be; one that is in the cache is not', async () => {
    await using bench = await published();
    await expect(bench.fetch({ cacheCapacity: 50_000 })).rejects.toMatchObject({ code: 'PUBLISH_TOO_LARGE', message: expect.stringContaining('cacheCapacity') });
    expect(blocksAsked(bench)).toBe(0);
    await bench.fetch();
    expect((await bench.fetch({ cacheCapacity: 50_000 })).downloaded).toBeUndefined();
  });

  const tree = (mode: number, directory: number, root = 0o755): Parameters<typeof assertReadable>[0] => {
    const name = new TextEncoder().encode('a');
    const file = { type: 'file', name, mode, mtimeMs: 0, size: 0, extents: [] } as const;
    return { type: 'directory', name: new Uint8Array(0), mode: root, mtimeMs: 0, children: [{ type: 'directory', name, mode: directory, mtimeMs: 0, children: [file] }] };
  };

  test.each([[0o000, 0o755, 0o755, "'a/a' has mode 000"], [0o200, 0o755, 0o755, "'a/a' has mode 200"], [0o644, 0o000, 0o755, "'a' has mode 000"], [0o644, 0o600, 0o755, "'a' has mode 600"], [0o644, 0o755, 0o200, 'the tree itself']])(
    'modes that lock the owner out: %i, %i, %i', (file, directory, root, message) => {
      expect(() => assertReadable(tree(file, directory, root))).toThrow(message);
    },
  );

  test('modes with which the owner can read', () => {
    expect(() => assertReadable(tree(0o400, 0o500, 0o500))).not.toThrow();
  });

  test.skipIf(process.getuid?.() !== 0)('a file that only root can read, unless we are (needs root to publish it)', async () => {
    await using bench = new PublishBench();
    makeTree(bench.source, { files: 30, bytes: 100_000 });
    writeFileSync(join(bench.source, 'shadow'), 'x');
    chmodSync(join(bench.source, 'shadow'), 0);
    await bench.publish();
    await expect(bench.fetch({ isRoot: false })).rejects.toMatchObject({ code: 'PUBLISH_UNREADABLE', message: expect.stringContaining("'shadow'") });
    const { leaves } = pointerIn(bench);
    expect(blocksAsked(bench)).toBeLessThanOrEqual(2 * leaves + 1);
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
  });
});

describe('the private key is not published', () => {
  test.each<[string, (bench: PublishBench) => { dataDir?: string; keyFile?: string }]>([
    ['in a data directory within the tree', ({ source }) => {
      mkdirSync(join(source, '.dave'));
      return { dataDir: join(source, '.dave') };
    }],
    ['in a data directory that is the tree', ({ source }) => ({ dataDir: source })],
    ['as a file within the tree', ({ source }) => {
      writeFileSync(join(source, 'dir-0', 'id'), 'secret');
      return { keyFile: join(source, 'dir-0', 'id') };
    }],
    ['under another name', ({ source, home }) => {
      writeFileSync(join(home, 'key'), 'secret');
      linkSync(join(home, 'key'), join(source, 'innocent'));
      return { keyFile: join(home, 'key') };
    }],
    ['by way of a link', ({ source, home }) => {
      writeFileSync(join(source, 'innocent'), 'secret');
      symlinkSync(join(source, 'innocent'), join(home, 'key'));
      return { keyFile: join(home, 'key') };
    }],
  ])('%s', async (_where, place) => {
    await using bench = new PublishBench();
    makeTree(bench.source, { files: 10, bytes: 10_000 });
    await expect(bench.publish(place(bench))).rejects.toMatchObject({ code: 'PUBLISH_BAD_SOURCE', message: expect.stringContaining('private key') });
    expect(bench.network.dats.size).toBe(0);
  });
});

describe('a pointer that lies about a tree that is in the cache', () => {
  async function replacePointer(bench: PublishBench, change: Partial<Pointer>): Promise<void> {
    const key = pointerKey('tree');
    const pointer = { ...pointerIn(bench), ...change };
    expect(decodePointer(encodePointer(pointer))).toEqual(pointer);
    bench.network.replace(await createDat({ privateKey: bench.keyPair.privateKey, key, value: bindValue(key, encodePointer(pointer)), time: Date.now() - 500 }));
  }

  test.each<[string, Partial<Pointer>]>([['bytes', { contentBytes: 1 }], ['entries', { entries: 1 }]])('%s', async (_what, lie) => {
    await using bench = await published();
    const truth = pointerIn(bench);
    await bench.fetch();
    await replacePointer(bench, lie);
    // What was asked in this very millisecond would not be asked again.
    const asking = { maxAgeMs: -1 };
    await expect(bench.fetch(asking)).rejects.toMatchObject({ code: 'PUBLISH_SIZE_MISMATCH' });
    await replacePointer(bench, truth);
    expect(await bench.fetch(asking)).toMatchObject({ downloaded: undefined, entries: truth.entries, contentBytes: truth.contentBytes });
  });

  test('the cache knows what a tree has, hard links counted once', async () => {
    await using bench = await published();
    const signal = new AbortController().signal;
    const cache = await LocalCacheBackend.open({ dir: join(bench.home, 'cache') });
    await using trees = new CachedTrees(cache);
    const totals = { entries: 3, contentBytes: 7 };
    const build = (directory: string): Promise<void> => {
      writeFileSync(join(directory, 'a'), '1234567');
      linkSync(join(directory, 'a'), join(directory, 'b'));
      mkdirSync(join(directory, 'c'));
      utimesSync(directory, 1, 1);
      return Promise.resolve();
    };
    for (const held of [await trees.getOrBuild('key', build, { description: '', totals }, signal), (await trees.get('key', signal))!]) {
      expect(held).toMatchObject(totals);
      await held[Symbol.asyncDispose]();
    }
    rmSync(join(bench.home, 'cache'), { recursive: true, force: true });
  });
});

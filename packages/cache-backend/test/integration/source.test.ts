import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setTimes, snapshotTree, writeRichTree, writeValueTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend, materialize } from '@p2p/cache-backend';
import { newClaims } from '../../src/io/tree/claims.ts';
import { SourceCheck } from '../../src/io/tree/source-check.ts';
import { TreeCopy } from '../../src/io/tree/tree-copy.ts';
import { canKeepXattrs, readXattrs, writeXattrs } from '../../src/io/xattrs.ts';
import { withDirectory } from '../temporary-directory.ts';

/** Some group that this process is not in. */
const GROUP = 12_345;
const isRoot = process.getuid?.() === 0;

async function withCache(fn: (cache: LocalCacheBackend, dir: string) => Promise<void>): Promise<void> {
  await withDirectory(async (dir) => {
    const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
    try {
      await fn(cache, dir);
    } finally {
      await cache.close();
    }
  });
}

describe('a source that changes while it is copied is refused', () => {
  const CHANGES: readonly [name: string, change: (dir: string) => void][] = [
    ['a file is written to', (dir) => fs.appendFileSync(join(dir, 'a'), 'x')],
    ['a file is written to and its time put back', (dir) => { const { atime, mtime } = fs.statSync(join(dir, 'a')); fs.writeFileSync(join(dir, 'a'), 'VALUE'); fs.utimesSync(join(dir, 'a'), atime, mtime); }],
    ['a file is replaced', (dir) => { fs.writeFileSync(join(dir, 'n'), 'value'); fs.renameSync(join(dir, 'n'), join(dir, 'a')); }],
    ['a file goes', (dir) => fs.rmSync(join(dir, 'sub', 'b'))],
    ['a file comes', (dir) => fs.writeFileSync(join(dir, 'sub', 'new'), '')],
    ['a mode changes', (dir) => fs.chmodSync(join(dir, 'a'), 0o777)],
    ['a directory becomes a link', (dir) => { fs.renameSync(join(dir, 'sub'), join(dir, 'away')); fs.symlinkSync('away', join(dir, 'sub')); }],
  ];

  test.for(CHANGES)('%s', async ([, change]) => {
    await withDirectory(async (dir) => {
      const source = writeValueTree(join(dir, 'source'), 'value');
      const check = new SourceCheck(false);
      const paths = ['', '/a', '/sub', '/sub/b', '/sub/c'].map((path) => source + path);
      for (const path of paths) check.remember(path, fs.lstatSync(path));
      expect(() => check.recheck()).not.toThrow();
      change(source);
      expect(() => check.recheck()).toThrow(expect.objectContaining({ code: 'CACHE_SOURCE_CHANGED' }));
    });
  });

  test.for([['a file', { path: '.', names: ['gone'] }], ['its directory', { path: 'sub', names: ['gone'] }], ['a directory', { path: 'gone' }], ['a directory that a file took the place of', { path: 'a' }]] as const)('%s that is gone when its turn comes', async ([, task]) => {
    await withDirectory(async (dir) => {
      const copy = new TreeCopy({
        source: writeValueTree(join(dir, 'source'), 'value'), target: join(dir, 'target'), pool: join(dir, 'pool'), mode: 'store', special: 'refuse', keepOwner: false, xattrs: false, canReflink: false, isOwnTree: false,
        claims: newClaims(), control: new SharedArrayBuffer(8),
      });
      expect(() => copy.run([task], () => {})).toThrow(expect.objectContaining({ code: 'CACHE_SOURCE_CHANGED' }));
      expect(() => copy.copyAgain('gone')).toThrow(expect.objectContaining({ code: 'CACHE_SOURCE_CHANGED' }));
    });
  });

  test('one that grows all the time never makes an entry', async () => {
    await withCache(async (cache, dir) => {
      const source = join(dir, 'source');
      fs.mkdirSync(source);
      const log = fs.openSync(join(source, 'log'), 'w');
      for (let index = 0; index < 300; index++) fs.writeFileSync(join(source, `file ${index}`), 'x'.repeat(1000));
      let writing = true;
      const write = (): void => {
        if (!writing) return;
        fs.writeSync(log, 'line\n');
        setImmediate(write);
      };
      write();
      try {
        await expect(cache.put('key', source, '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_CHANGED' });
      } finally {
        writing = false;
        fs.closeSync(log);
      }
      expect(await cache.get('key')).toBeUndefined();
    });
  });
});

describe('sources that are refused', () => {
  test('one that contains the cache, is the cache or lies in it', async () => {
    await withCache(async (cache, dir) => {
      for (const source of [dir, join(dir, 'cache'), join(dir, 'cache', 'keys')]) await expect(cache.put('key', source, '')).rejects.toMatchObject({ code: 'CACHE_SOURCE_INVALID' });
    });
  });

  test('sockets', async () => {
    await withCache(async (cache, dir) => {
      const source = join(dir, 'source');
      fs.mkdirSync(source);
      const server = createServer();
      await new Promise<void>((resolve) => {
        server.listen(join(source, 'socket'), resolve);
      });
      try {
        await expect(cache.put('key', source, '')).rejects.toMatchObject({ code: 'CACHE_SPECIAL_FILE', path: join(source, 'socket') });
        const hit = await cache.put('key', source, '', { special: 'keep' });
        expect(fs.lstatSync(join(hit.path, 'socket')).isSocket()).toBe(true);
        await hit.release();
      } finally {
        server.close();
      }
    });
  });

  test('a tree that is larger than the whole cache may be, and nothing is evicted for it', async () => {
    await withDirectory(async (dir) => {
      const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache'), limits: { maxBytes: 100 } });
      await (await cache.put('small', writeValueTree(join(dir, 'small'), 'x'), '')).release();
      await expect(cache.put('large', writeValueTree(join(dir, 'large'), 'x'.repeat(50)), '')).rejects.toMatchObject({ code: 'CACHE_TOO_LARGE' });
      const hit = await cache.get('small');
      expect(hit).toBeDefined();
      await cache.close();
    });
  });
});

describe('trees that come back as they were', () => {
  test('a FIFO is kept when asked, without being opened', async () => {
    await withCache(async (cache, dir) => {
      const source = join(dir, 'source');
      fs.mkdirSync(source);
      execFileSync('mkfifo', ['-m', '640', join(source, 'fifo')]);
      setTimes(Buffer.from(source));
      const before = snapshotTree(source);
      const hit = await cache.put('key', source, '', { special: 'keep' });
      expect(snapshotTree(hit.path)).toEqual(before);
      await hit.release();
      expect(await cache.get('key', { verify: 'full' })).toBeDefined();
    });
  });

  test.skipIf(!isRoot)('owners, set-id bits of others\' files and overlay whiteouts, as root', async () => {
    await withCache(async (cache, dir) => {
      const source = writeRichTree(join(dir, 'source'));
      fs.chownSync(join(source, 'setuid'), 1234, 4321);
      fs.chmodSync(join(source, 'setuid'), 0o6755);
      fs.lchownSync(join(source, 'dangling'), 5, 6);
      fs.chownSync(join(source, 'deep'), 7, 8);
      execFileSync('mknod', [join(source, 'whiteout'), 'c', '0', '0']);
      setTimes(Buffer.from(source));
      await expect(cache.put('key', source, '')).rejects.toMatchObject({ code: 'CACHE_SPECIAL_FILE' });
      const before = snapshotTree(source);
      const hit = await cache.put('key', source, '', { special: 'keep' });
      expect(snapshotTree(hit.path)).toEqual(before);
      expect(before['./whiteout']).toMatch(/device 0/);
      const target = join(dir, 'target');
      await materialize(hit, target);
      expect(snapshotTree(target)).toEqual(before);
      const ignoring = await cache.put('other', source, '', { special: 'keep', owner: 'ignore' });
      expect(fs.statSync(join(ignoring.path, 'setuid')).uid).toBe(0);
      expect(fs.statSync(join(ignoring.path, 'setuid')).mode & 0o7777).toBe(0o6755);
    });
  });

  test.skipIf(!isRoot)('owners, in directories that hand their group down', async () => {
    await withDirectory(async (dir) => {
      const source = writeValueTree(join(dir, 'source'), 'value');
      fs.writeFileSync(join(source, 'large'), Buffer.alloc(400_000, 1));
      fs.chownSync(join(source, 'sub', 'b'), 0, GROUP);
      const home = join(dir, 'home');
      fs.mkdirSync(home);
      fs.chownSync(home, 0, GROUP);
      fs.chmodSync(home, 0o2755);
      await using cache = await LocalCacheBackend.open({ dir: join(home, 'cache') });
      await using hit = await cache.put('key', source, '');
      expect((await cache.verify()).corrupt).toEqual([]);
      const before = snapshotTree(source);
      expect(snapshotTree(hit.path)).toEqual(before);
      for (const mode of ['copy', 'hardlink'] as const) {
        await materialize(hit, join(home, mode), { mode });
        expect(snapshotTree(join(home, mode))).toEqual(before);
      }
      await (await cache.put('moved', join(home, 'copy'), '', { move: true })).release();
      expect((await cache.verify()).corrupt).toEqual([]);
    });
  });

  test('extended attributes', async (context) => {
    await withCache(async (cache, dir) => {
      const source = writeValueTree(join(dir, 'source'), 'x');
      const fd = fs.openSync(join(source, 'a'), 'r+');
      if (!canKeepXattrs(fd)) context.skip('this file system keeps no attributes');
      const wanted = [['user.binary', Buffer.from([0, 255, 10]).toString('base64')], ['user.p2p-cache', Buffer.from('1').toString('base64')]] as const;
      writeXattrs(fd, wanted);
      fs.closeSync(fd);
      expect(cache.capabilities.xattrs).toBe(true);
      const hit = await cache.put('key', source, '');
      const target = join(dir, 'target');
      await materialize(hit, target);
      for (const path of [join(hit.path, 'a'), join(target, 'a')]) {
        const copy = fs.openSync(path, 'r');
        expect(readXattrs(copy)).toEqual(wanted);
        fs.closeSync(copy);
      }
      await hit.release();
      expect(await cache.get('key', { verify: 'full' })).toBeDefined();
    });
  });

  test('move renames where it can, and copies a tree whose files have names elsewhere', async () => {
    await withCache(async (cache, dir) => {
      const source = writeRichTree(join(dir, 'source'));
      const inode = fs.statSync(join(source, 'plain')).ino;
      const before = snapshotTree(source);
      const hit = await cache.put('key', source, '', { move: true });
      expect(snapshotTree(hit.path)).toEqual(before);
      expect(fs.statSync(join(hit.path, 'plain')).ino).toBe(inode);
      const linked = writeValueTree(join(dir, 'linked'), 'linked');
      fs.linkSync(join(linked, 'a'), join(dir, 'outside'));
      const copy = await cache.put('linked', linked, '', { move: true });
      expect(fs.existsSync(linked)).toBe(false);
      fs.writeFileSync(join(dir, 'outside'), 'changed from outside');
      expect(fs.readFileSync(join(copy.path, 'a'), 'utf8')).toBe('linked');
    });
  });
});

describe('files that trees share', () => {
  test('equal ones take no more room; with another mode or time they do', async () => {
    await withCache(async (cache, dir) => {
      const one = join(dir, 'one');
      fs.mkdirSync(one);
      for (let index = 0; index < 10; index++) fs.writeFileSync(join(one, String(index)), `content ${index}`.repeat(100));
      fs.writeFileSync(join(one, 'large'), Buffer.alloc(600_000, 'large'));
      setTimes(Buffer.from(one));
      const two = join(dir, 'two');
      execFileSync('cp', ['-a', one, two]);
      fs.chmodSync(join(two, '0'), 0o600);
      fs.utimesSync(join(two, '1'), 1, 1);
      fs.writeFileSync(join(two, 'more'), 'more');
      for (const path of [join(two, 'more'), two]) fs.utimesSync(path, 2, 2);
      const first = await cache.put('one', one, '');
      expect(first.entry.sharedBytes).toBe(0);
      const second = await cache.put('two', two, '');
      expect(snapshotTree(second.path)).toEqual(snapshotTree(two));
      if (cache.capabilities.reflink !== true) expect(second.entry.sharedBytes).toBe(8 * 4096 + 602_112);
      expect(fs.statSync(join(second.path, 'large')).ino).toBe(fs.statSync(join(first.path, 'large')).ino);
      expect(fs.statSync(join(second.path, '0')).ino).not.toBe(fs.statSync(join(first.path, '0')).ino);
      const stats = await cache.stats();
      expect(stats.allocatedBytes).toBeLessThan((stats.totalBytes ?? 0) * 0.75);
    });
  });
});

/** Programs of another user can read neither root's scratch nor, perhaps, this checkout: they get the built package and a directory of their own. */
describe.skipIf(!isRoot)('a user who is not root', () => {
  let dir = '';
  beforeAll(() => {
    dir = fs.mkdtempSync('/tmp/cache-nobody-');
    fs.chmodSync(dir, 0o777);
    fs.cpSync(new URL('../../dist', import.meta.url).pathname, join(dir, 'node_modules/@p2p/cache-backend/dist'), { recursive: true });
    fs.copyFileSync(new URL('../../package.json', import.meta.url).pathname, join(dir, 'node_modules/@p2p/cache-backend/package.json'));
    fs.cpSync(fs.realpathSync(new URL('../../node_modules/zod', import.meta.url).pathname), join(dir, 'node_modules/zod'), { recursive: true });
    fs.copyFileSync(fs.realpathSync(process.execPath), join(dir, 'node'));
    for (const program of ['read-only-trees.mjs', 'unreadable-by-owner.mjs']) fs.copyFileSync(new URL(`./programs/${program}`, import.meta.url).pathname, join(dir, program));
  });
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  test('can cache, get, materialise, replace, prune and move trees that deny writing', () => {
    const said = execFileSync(join(dir, 'node'), [join(dir, 'read-only-trees.mjs'), dir], { uid: 65534, gid: 65534, cwd: dir, encoding: 'utf8', env: { HOME: dir } });
    expect(said.trim()).toBe('done');
  });

  test('gets every file synced that its owner may not read, with the mode that it has', () => {
    const source = join(dir, 'source');
    fs.mkdirSync(source);
    fs.writeFileSync(join(source, 'name 0'), 'read by others');
    fs.chmodSync(join(source, 'name 0'), 0o044);
    for (let name = 1; name < 200; name++) fs.linkSync(join(source, 'name 0'), join(source, `name ${name}`));
    const said = execFileSync(join(dir, 'node'), [join(dir, 'unreadable-by-owner.mjs'), dir, source], { uid: 65534, gid: 65534, cwd: dir, encoding: 'utf8', env: { HOME: dir } });
    expect(said.trim()).toBe('done');
  });
});

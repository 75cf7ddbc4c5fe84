import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindValue, createDat, type Dat } from '@p2p/dave-wire';
import { describe, expect, test } from 'vitest';
import { blockIdOf, blockKey } from '../../src/publish/core/block.ts';
import { ByteWriter } from '../../src/publish/core/byte-writer.ts';
import { StreamCutter } from '../../src/publish/core/cutter.ts';
import { buildIndex, type PageRef } from '../../src/publish/core/index-pages.ts';
import { encodePointer, pointerKey, type Pointer } from '../../src/publish/core/pointer.ts';
import { PublishBench } from '../doubles/publish-bench.ts';
import { describeTree, makeTree } from './tree-fixture.ts';

const pause = Date.now() - 60_000;

/** A bench whose tree has been published. */
async function published(files = 60, bytes = 300_000): Promise<PublishBench> {
  const bench = new PublishBench();
  makeTree(bench.source, { files, bytes });
  await bench.publish();
  return bench;
}

/** That a failed fetch left nothing but verified blocks: no tree, whole or not. */
function expectNoTree(bench: PublishBench): void {
  expect(readdirSync(bench.stagingDir)).toEqual([]);
  expect(readdirSync(bench.treesDir)).toEqual([]);
}

test('a tree is fetched as it was: bytes, modes, times, links, empty directories, names, hardlinks', async () => {
  await using bench = await published();
  const fetched = await bench.fetch();
  expect(describeTree(fetched.path)).toEqual(describeTree(bench.source));
  expect(fetched.downloaded!.fetched).toBe(fetched.downloaded!.blocks);
  expect(existsSync(join(bench.readerDir, 'publish', 'incoming', fetched.root))).toBe(false);
});

test('an empty directory is a tree, too', async () => {
  await using bench = new PublishBench();
  mkdirSync(bench.source);
  expect(await bench.publish()).toMatchObject({ entries: 0, contentBytes: 0, blocks: 1, sent: 1 });
  expect(readdirSync((await bench.fetch()).path)).toEqual([]);
});

describe('what is sent', () => {
  test('nothing when nothing has changed, and the pointer stays the same dat', async () => {
    await using bench = await published();
    const pointer = [...bench.network.dats.values()].find(({ key }) => key === 'tree/tree')!;
    expect(await bench.publish()).toMatchObject({ sent: 0 });
    expect([...bench.network.dats.values()].find(({ key }) => key === 'tree/tree')).toEqual(pointer);
  });

  test('little when one file has changed, and the reader fetches no more', async () => {
    await using bench = await published(300, 1_000_000);
    await bench.fetch();
    appendFileSync(join(bench.source, 'linked'), ' and more');
    const { blocks, sent } = await bench.publish();
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(blocks / 20);
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
  });

  test('what an interrupted publication had not sent', async () => {
    await using bench = new PublishBench();
    makeTree(bench.source, { files: 60, bytes: 300_000 });
    let left = 100;
    bench.network.onWrite = () => {
      if (left-- <= 0) throw Object.assign(new Error('cut'), { code: 'CUT' });
      return { acks: 5, replicas: 5 };
    };
    await expect(bench.publish()).rejects.toMatchObject({ code: 'CUT' });
    expect(bench.network.written).toHaveLength(100);
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
    bench.network.onWrite = () => ({ acks: 5, replicas: 5 });
    const { blocks, sent } = await bench.publish();
    expect(sent).toBe(blocks - 100);
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
  });

  test('nothing from a machine without a journal: the network is asked', async () => {
    await using bench = await published();
    const { sent } = await bench.publish({ dataDir: join(bench.home, 'another machine') });
    expect(sent).toBe(0);
  });

  test('everything again when the network has lost what it had confirmed', async () => {
    await using bench = await published();
    bench.network.dats.clear();
    const { blocks, sent } = await bench.publish();
    expect(sent).toBe(blocks);
    expect(bench.notes.join()).toContain('the network lacks');
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
  });

  test('a single lost block with --probe', async () => {
    await using bench = await published();
    const [lost] = [...bench.network.dats.keys()].filter((key) => key.includes('/t1/'));
    bench.network.dats.delete(lost!);
    expect(await bench.publish({ send: 'probe' })).toMatchObject({ sent: 1 });
    expect(bench.network.dats.has(lost!)).toBe(true);
  });

  test('everything with --all', async () => {
    await using bench = await published();
    const { blocks, sent } = await bench.publish({ send: 'all' });
    expect(sent).toBe(blocks);
  });

  test('blocks in a journal that was torn or damaged are sent again, no others', async () => {
    await using bench = await published();
    const [journal] = readdirSync(join(bench.authorDir, 'publish'));
    const path = join(bench.authorDir, 'publish', journal!);
    const size = statSync(path).size;
    truncateSync(path, size - 60);
    // Not in the tree that stands: a block of it would be found by asking.
    bench.network.dats.delete([...bench.network.dats.keys()].find((key) => key.endsWith('/tree/tree'))!);
    expect(await bench.publish()).toMatchObject({ sent: 2 });
    expect(statSync(path).size).toBe(size);
  });
});

describe('a publication that fails leaves the old tree', () => {
  test('when too few replicas confirm', async () => {
    await using bench = await published();
    const before = describeTree((await bench.fetch()).path);
    writeFileSync(join(bench.source, 'new'), 'x'.repeat(5000));
    bench.network.onWrite = () => ({ acks: 1, replicas: 5 });
    await expect(bench.publish({ minAcks: 3 })).rejects.toMatchObject({ code: 'PUBLISH_NOT_ENOUGH_ACKS', details: { fewestAcks: 1 } });
    expect(describeTree((await bench.fetch()).path)).toEqual(before);
  });

  test.each<[string, (source: string) => void, string]>([
    ['a pipe', (source) => execFileSync('mkfifo', [join(source, 'pipe')]), 'PUBLISH_BAD_SOURCE'],
    ['no directory', (source) => rmSync(source, { recursive: true }), 'PUBLISH_BAD_SOURCE'],
    ['a file', (source) => { rmSync(source, { recursive: true }); writeFileSync(source, ''); }, 'PUBLISH_BAD_SOURCE'],
  ])('when there is %s', async (_what, spoil, code) => {
    await using bench = await published(10, 10_000);
    spoil(bench.source);
    await expect(bench.publish()).rejects.toMatchObject({ code });
  });

  test.each<[string, (path: string) => void]>([
    ['is replaced by a link', (path) => { unlinkSync(path); symlinkSync('/etc/passwd', path); }],
    ['is replaced by a pipe', (path) => { unlinkSync(path); execFileSync('mkfifo', [path]); }],
    ['shrinks', (path) => truncateSync(path, 10)],
    ['gets other bytes', (path) => writeFileSync(path, Buffer.alloc(12_000, path))],
    ['disappears', (path) => unlinkSync(path)],
  ])('when a file %s after it was planned', async (_what, change) => {
    await using bench = new PublishBench();
    makeTree(bench.source, { files: 100, bytes: 400_000 });
    const first = join(bench.source, 'dir-0', 'sub-0', 'file-0.bin');
    let changed = false;
    const publishing = bench.publish({
      onProgress: (step) => {
        if (step !== 'compare' || changed) return;
        changed = true;
        change(first);
      },
    });
    await expect(publishing).rejects.toMatchObject({ code: expect.stringMatching(/PUBLISH_SOURCE_CHANGED|PUBLISH_BAD_SOURCE/), message: expect.stringContaining('file-0.bin') });
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_NOT_FOUND' });
  });

  test('when a file grows while it is planned', async () => {
    await using bench = new PublishBench();
    mkdirSync(bench.source);
    writeFileSync(join(bench.source, 'log'), Buffer.alloc(1_000_000, 'a'));
    const publishing = bench.publish({ onProgress: (step, done, total) => void (step === 'read' && done < total! && appendFileSync(join(bench.source, 'log'), 'x')) });
    await expect(publishing).rejects.toMatchObject({ code: 'PUBLISH_SOURCE_CHANGED' });
  });
});

describe('a fetch that fails names what failed and leaves no tree', () => {
  const signed = (bench: PublishBench, key: string, value: Uint8Array, time = Date.now() - 1000): Promise<Dat> => createDat({ privateKey: bench.keyPair.privateKey, key, value, time });
  const pointerIn = (bench: PublishBench): Dat => [...bench.network.dats.values()].find(({ key }) => key === 'tree/tree')!;
  const blockKeys = (bench: PublishBench): string[] => [...bench.network.dats.values()].map(({ key }) => key).filter((key) => key.startsWith('t1/'));

  test('a block whose bytes its author has replaced, wherever it is', async () => {
    await using bench = await published(20, 60_000);
    const keys = blockKeys(bench);
    for (const key of keys.filter((_, index) => index % Math.ceil(keys.length / 8) === 0 || index === keys.length - 1)) {
      rmSync(bench.readerDir, { recursive: true, force: true });
      const name = `${Buffer.from(bench.keyPair.publicKey).toString('hex')}/${key}`;
      const right = bench.network.dats.get(name)!;
      bench.network.replace(await signed(bench, key, Uint8Array.from(right.value).fill(7, 0, 1)));
      await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_TAMPERED', message: expect.stringContaining(key), details: { of: expect.stringMatching(/^'.*'$|manifest/) } });
      bench.network.replace(right);
    }
    expectNoTree(bench);
    expect(describeTree((await bench.fetch()).path)).toEqual(describeTree(bench.source));
  });

  test('blocks that no replica has, or that nobody answers for', async () => {
    await using bench = await published();
    const gone = new Set(blockKeys(bench).slice(0, 3));
    bench.network.onRead = (key) => (gone.has(key) ? { found: false, asked: 5, answered: 3 } : undefined);
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_BLOCKS_MISSING', details: { missing: 3, blocks: expect.arrayContaining([{ block: [...gone][0], of: expect.stringMatching(/^'.+'$/) }]) } });
    bench.network.onRead = (key) => (gone.has(key) ? { found: false, asked: 5, answered: 0 } : undefined);
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_BLOCKS_SILENT' });
    expectNoTree(bench);
  });

  test('a block that one replica lacks is got from another, and what was fetched is not fetched again', async () => {
    await using bench = await published();
    await bench.fetch();
    // What is asked for last belongs to files.
    const [late, lost] = bench.network.asked.slice(-2);
    rmSync(bench.readerDir, { recursive: true });
    let asked = 0;
    bench.network.onRead = (key) => {
      if (key === lost) return { found: false, asked: 5, answered: 5 };
      return key === late && asked++ === 0 ? { found: false, asked: 5, answered: 5 } : undefined;
    };
    await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_BLOCKS_MISSING', details: { missing: 1 } });
    const [spool] = readdirSync(join(bench.readerDir, 'publish', 'incoming'));
    // Damage of what was kept costs the damaged blocks.
    appendFileSync(join(bench.readerDir, 'publish', 'incoming', spool!), 'torn');
    bench.network.onRead = () => undefined;
    bench.network.asked.length = 0;
    const { downloaded, path } = await bench.fetch();
    expect(downloaded!.fetched).toBe(bench.network.asked.filter((key) => key.startsWith('t1/')).length);
    expect(downloaded!.fetched).toBe(1);
    expect(describeTree(path)).toEqual(describeTree(bench.source));
  });

  test.each<[string, (bench: PublishBench) => Promise<Dat>, string]>([
    ['is no pointer', (bench) => signed(bench, 'tree/tree', bindValue('tree/tree', new Uint8Array(50))), 'PUBLISH_BAD_POINTER'],
    ['is a pointer that is not bound to its key', (bench) => signed(bench, 'tree/tree', pointerIn(bench).value.subarray(5)), 'PUBLISH_BAD_POINTER'],
    ['is a pointer that nobody signed', (bench) => Promise.resolve({ ...pointerIn(bench), time: pointerIn(bench).time + 1 }), 'PUBLISH_BAD_POINTER'],
  ])('a name whose value %s', async (_what, make, code) => {
    await using bench = await published(5, 1000);
    bench.network.replace(await make(bench));
    await expect(bench.fetch()).rejects.toMatchObject({ code });
  });

  /** Publishes any manifest and pointer, as its author may. */
  async function publishRaw(bench: PublishBench, manifest: Uint8Array, totals: { entries: number; contentBytes: number }, more: ReadonlyMap<string, Uint8Array> = new Map()): Promise<void> {
    const pages = new Map(more);
    const leaves: PageRef[] = [];
    const cutter = new StreamCutter((leaf) => {
      leaves.push({ id: blockIdOf(leaf), length: leaf.length, manifestBytes: leaf.length });
      pages.set(blockIdOf(leaf), leaf);
    });
    cutter.push(manifest);
    cutter.end();
    const { root } = buildIndex(leaves, (page, { id }) => pages.set(id, page));
    const pointer: Pointer = { root: root.id, manifestBytes: manifest.length, leaves: leaves.length, ...totals };
    for (const [id, bytes] of pages) bench.network.replace(await signed(bench, blockKey(id), bytes, pause));
    bench.network.replace(await signed(bench, pointerKey('tree'), bindValue(pointerKey('tree'), encodePointer(pointer))));
  }

  function manifestOf(count: number, write: (writer: ByteWriter) => void): Uint8Array {
    const writer = new ByteWriter();
    writer.bytes(Uint8Array.of(0x44, 0x54, 0x4d, 1));
    writer.varint(0o755);
    writer.signed(0);
    writer.varint(count);
    write(writer);
    return writer.result();
  }
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const link = (writer: ByteWriter, name: string, target: string): void => {
    writer.byte(2);
    writer.text(text(name));
    writer.signed(0);
    writer.text(text(target));
  };
  const empty = (writer: ByteWriter, name: string): void => {
    writer.byte(1);
    writer.text(text(name));
    writer.bytes(Uint8Array.of(0, 0, 0, 0));
  };

  test.each<[string, number, (writer: ByteWriter) => void, string]>([
    ['a file that climbs out', 1, (writer) => empty(writer, '../escaped'), 'PUBLISH_UNSAFE_NAME'],
    ['a file with an absolute name', 1, (writer) => empty(writer, '/tmp/escaped'), 'PUBLISH_UNSAFE_NAME'],
    ['a file ..', 1, (writer) => empty(writer, '..'), 'PUBLISH_UNSAFE_NAME'],
    ['a link and something below it', 2, (writer) => {
      link(writer, 'a', '..');
      writer.byte(0);
      writer.text(text('a'));
      writer.bytes(Uint8Array.of(0, 0, 1));
      empty(writer, 'escaped');
    }, 'PUBLISH_NOT_CANONICAL'],
    ['one name twice', 2, (writer) => { empty(writer, 'a'); empty(writer, 'a'); }, 'PUBLISH_NOT_CANONICAL'],
    ['more children than it has', 9, (writer) => empty(writer, 'a'), 'PUBLISH_BAD_MANIFEST'],
    ['a size that its extents do not have', 1, (writer) => { writer.byte(1); writer.text(text('a')); writer.bytes(Uint8Array.of(0, 0, 9, 0)); }, 'PUBLISH_SIZE_MISMATCH'],
  ])('a manifest with %s', async (_what, count, write, code) => {
    await using bench = new PublishBench();
    await publishRaw(bench, manifestOf(count, write), { entries: 1, contentBytes: 0 });
    const before = readdirSync(bench.home);
    await expect(bench.fetch()).rejects.toMatchObject({ name: 'PublishError', code });
    expectNoTree(bench);
    expect(readdirSync(bench.home)).toEqual([...before, 'reader']);
  });

  test('a block of another length than the manifest says', async () => {
    await using bench = new PublishBench();
    const block = text('five!');
    const manifest = manifestOf(1, (writer) => {
      writer.byte(1);
      writer.text(text('a'));
      writer.bytes(Uint8Array.of(0, 0, 4, 1));
      writer.bytes(Buffer.from(blockIdOf(block), 'base64url'));
      writer.varint(8);
    });
    await publishRaw(bench, manifest, { entries: 1, contentBytes: 4 }, new Map([[blockIdOf(block), block]]));
    for (let again = 0; again < 2; again++) await expect(bench.fetch()).rejects.toMatchObject({ code: 'PUBLISH_SIZE_MISMATCH' });
    expectNoTree(bench);
  });

  test('a symbolic link is written as it is, and nothing is written through it', async () => {
    await using bench = new PublishBench();
    await publishRaw(bench, manifestOf(2, (writer) => { link(writer, 'a', '../../..'); empty(writer, 'b'); }), { entries: 2, contentBytes: 0 });
    const { path } = await bench.fetch();
    expect(readdirSync(path)).toEqual(['a', 'b']);
  });

  test('a tree that is larger than allowed, before anything of it is fetched', async () => {
    await using bench = await published();
    bench.network.asked.length = 0;
    await expect(bench.fetch({ maxBytes: 1000 })).rejects.toMatchObject({ code: 'PUBLISH_TOO_LARGE' });
    expect(bench.network.asked.filter((key) => key.startsWith('t1/'))).toEqual([]);
  });

  test('an interrupted fetch goes on where it was', async () => {
    await using bench = await published(100, 600_000);
    const stop = new AbortController();
    let reads = 0;
    bench.network.onRead = () => {
      if (++reads === 200) stop.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
      stop.signal.throwIfAborted();
      return undefined;
    };
    await expect(bench.fetch({ signal: stop.signal })).rejects.toMatchObject({ code: 'STOP' });
    expectNoTree(bench);
    bench.network.onRead = () => undefined;
    const { downloaded } = await bench.fetch();
    expect(downloaded!.fetched).toBeLessThanOrEqual(downloaded!.blocks - 190);
  });
});

describe('what a name stands for', () => {
  test('is not asked again within --max-age, and the tree comes from the cache without the network', async () => {
    await using bench = await published();
    await bench.fetch();
    bench.network.asked.length = 0;
    const again = await bench.fetch({ maxAgeMs: 60_000 });
    expect(again.downloaded).toBeUndefined();
    expect(bench.network.asked).toEqual([]);
  });

  test('is asked after that, and an unchanged tree comes from the cache', async () => {
    await using bench = await published();
    await bench.fetch();
    bench.network.asked.length = 0;
    expect((await bench.fetch()).downloaded).toBeUndefined();
    expect(bench.network.asked).toEqual(['tree/tree']);
  });

  test('is remembered while the network cannot be asked, unless it must be', async () => {
    await using bench = await published();
    await bench.fetch();
    bench.network.onRead = () => ({ found: false, asked: 5, answered: 0 });
    expect(await bench.fetch()).toMatchObject({ fresh: false, downloaded: undefined });
    expect(bench.notes.join()).toContain("using what 'tree' stood for");
    await expect(bench.fetch({ mustAsk: true })).rejects.toMatchObject({ code: 'PUBLISH_BLOCKS_SILENT' });
  });

  test('never becomes an older tree again', async () => {
    await using bench = await published();
    const old = [...bench.network.dats.values()].find(({ key }) => key === 'tree/tree')!;
    writeFileSync(join(bench.source, 'new'), 'new');
    await bench.publish();
    const { root } = await bench.fetch();
    bench.network.replace(old);
    expect((await bench.fetch()).root).toBe(root);
    expect(bench.notes.join()).toContain('older tree');
  });

  test('is asked again when what was remembered is damaged', async () => {
    await using bench = await published();
    const { root } = await bench.fetch();
    const names = join(bench.readerDir, 'publish', 'names');
    for (const name of readdirSync(names)) {
      const bytes = readFileSync(join(names, name));
      bytes[20]! ^= 1;
      writeFileSync(join(names, name), bytes);
    }
    expect((await bench.fetch({ maxAgeMs: 60_000 })).root).toBe(root);
  });
});

test('set-id bits are carried, but only kept where that is asked for', async () => {
  await using bench = new PublishBench();
  mkdirSync(bench.source);
  writeFileSync(join(bench.source, 'program'), '#!/bin/sh\n');
  chmodSync(join(bench.source, 'program'), 0o4755);
  await bench.publish();
  const mode = (path: string): string => (statSync(join(path, 'program')).mode & 0o7777).toString(8);
  expect(mode((await bench.fetch()).path)).toBe('755');
  expect(mode((await bench.fetch({ setId: true })).path)).toBe('4755');
});

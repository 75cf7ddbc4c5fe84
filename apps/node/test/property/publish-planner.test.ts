import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { blockIdOf, type BlockId } from '../../src/publish/core/block.ts';
import { ContentPlanner, type ContentPlan } from '../../src/publish/core/content-planner.ts';
import { StreamCutter } from '../../src/publish/core/cutter.ts';
import { fetchManifest, planManifest } from '../../src/publish/core/manifest-pages.ts';
import type { DirectoryEntry } from '../../src/publish/core/tree.ts';

function pseudoRandom(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let at = 0; at < length; at++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function plan(files: readonly Uint8Array[], step = 10_000): ContentPlan {
  const planner = new ContentPlanner();
  for (const file of files) {
    const splitter = planner.file(file.length);
    for (let at = 0; at < file.length; at += step) splitter.push(file.subarray(at, at + step));
    splitter.end();
  }
  return planner.finish();
}

/** The bytes of each block, read back from the files as the plan says. */
function blocksOf({ blocks }: ContentPlan, files: readonly Uint8Array[]): Map<BlockId, Uint8Array> {
  return new Map(
    blocks.map(({ id, length, pieces }) => {
      const bytes = Buffer.concat(pieces.map((piece) => files[piece.file]!.subarray(piece.offset, piece.offset + piece.length)));
      expect(bytes.length).toBe(length);
      expect(blockIdOf(bytes)).toBe(id);
      return [id, Uint8Array.from(bytes)];
    }),
  );
}

const sizes = fc.oneof(fc.nat({ max: 3000 }), fc.constantFrom(0, 1, 1164, 1165, 1166, 2330, 65_535, 65_536, 65_537), fc.nat({ max: 120_000 }));
const file = fc.record({ size: sizes, seed: fc.nat({ max: 3 }), zeros: fc.boolean() }).map(({ size, seed, zeros }) => (zeros ? new Uint8Array(size) : pseudoRandom(size, seed)));

test('every file is made again from the blocks of its extents, and every block from its files', () => {
  fc.assert(
    fc.property(fc.array(file, { maxLength: 12 }), fc.integer({ min: 1, max: 70_000 }), (files, step) => {
      const made = plan(files, step);
      const blocks = blocksOf(made, files);
      expect(new Set(made.blocks.map(({ id }) => id)).size).toBe(made.blocks.length);
      for (const [index, extents] of made.extents.entries()) {
        const bytes = Buffer.concat(
          extents.map(({ block, blockLength, offset, length }) => {
            expect(blocks.get(block)!.length).toBe(blockLength);
            return blocks.get(block)!.subarray(offset, offset + length);
          }),
        );
        expect(Buffer.compare(bytes, files[index]!)).toBe(0);
      }
    }),
    { numRuns: 60 },
  );
});

test('how the bytes arrive changes nothing', () => {
  const files = [pseudoRandom(200_000, 5), pseudoRandom(700, 6), pseudoRandom(30_000, 7)];
  expect(plan(files, 1)).toEqual(plan(files, 1_000_000));
});

test('2 000 files of 20 MB are some 18 000 blocks, and few are not full', () => {
  const files = Array.from({ length: 2000 }, (_, index) => pseudoRandom(10_000 + ((index * 37) % 1000), index));
  const total = files.reduce((sum, { length }) => sum + length, 0);
  const { blocks } = plan(files);
  expect(blocks.length).toBeLessThan((total / 1165) * 1.02);
});

test('small files share blocks', () => {
  const files = Array.from({ length: 1000 }, (_, index) => pseudoRandom(100, index * 7 + 1));
  expect(plan(files).blocks.length).toBeLessThan(110);
  expect(plan(Array.from({ length: 1000 }, () => files[0]!)).blocks.length).toBe(1);
});

function newBlocks(before: readonly Uint8Array[], after: readonly Uint8Array[]): number {
  const known = new Set(plan(before).blocks.map(({ id }) => id));
  return plan(after).blocks.filter(({ id }) => !known.has(id)).length;
}

test('a file that is added, removed or changed moves few blocks', () => {
  const files = Array.from({ length: 300 }, (_, index) => pseudoRandom(3000 + ((index * 131) % 900), index + 1));
  expect(newBlocks(files, files)).toBe(0);
  expect(newBlocks(files, [pseudoRandom(3000, 999), ...files])).toBeLessThan(25);
  expect(newBlocks(files, files.toSpliced(10, 1))).toBeLessThan(25);
  expect(newBlocks(files, files.with(200, pseudoRandom(3100, 77)))).toBeLessThan(25);
});

test('bytes put into the beginning of a large file move few of its blocks', () => {
  const large = pseudoRandom(1_000_000, 3);
  const changed = new Uint8Array(1_000_017);
  changed.set(large, 17);
  expect(newBlocks([large], [changed])).toBeLessThan(80);
});

test('cuts lie between 900 and 1165 bytes, but for the end', () => {
  const lengths: number[] = [];
  const cutter = new StreamCutter((block) => lengths.push(block.length));
  cutter.push(pseudoRandom(500_000, 11));
  cutter.push(new Uint8Array(10_000));
  cutter.end();
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(510_000);
  expect(Math.max(...lengths)).toBe(1165);
  expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(900);
  expect(lengths.length).toBeLessThan(510_000 / 1040);
});

function flatTree(files: number): DirectoryEntry {
  const contents = Array.from({ length: files }, (_, index) => pseudoRandom(2400, index + 1));
  const { extents } = plan(contents);
  return {
    type: 'directory', name: new Uint8Array(0), mode: 0o755, mtimeMs: 0,
    children: extents.map((of, index) => ({ type: 'file', name: new TextEncoder().encode(String(index).padStart(6, '0')), mode: 0o644, mtimeMs: 0, size: 2400, extents: of })),
  };
}

const fetchFrom = (pages: ReadonlyMap<BlockId, Uint8Array>) => (ids: readonly BlockId[]): Promise<Uint8Array[]> => Promise.resolve(ids.map((id) => pages.get(id) ?? new Uint8Array(0)));

test.each([0, 1, 6, 7, 8, 300, 2000])('the manifest of %i files is fetched as it was planned, from pages that each fit a packet', async (files) => {
  const root = flatTree(files);
  const { pointer, pages } = planManifest(root);
  for (const { bytes } of pages) expect(bytes.length).toBeLessThanOrEqual(1165);
  const fetched = await fetchManifest(pointer, fetchFrom(new Map(pages.map(({ id, bytes }) => [id, bytes]))));
  expect(fetched.root).toEqual(root);
  expect(fetched.pages).toEqual(new Set(pages.map(({ id }) => id)));
});

test('one more file moves few pages of the manifest', () => {
  const before = new Set(planManifest(flatTree(2000)).pages.map(({ id }) => id));
  const { children, ...root } = flatTree(2000);
  const after = planManifest({ ...root, children: children.toSpliced(3, 1) }).pages;
  expect(after.length).toBeGreaterThan(150);
  expect(after.filter(({ id }) => !before.has(id)).length).toBeLessThan(60);
});

test('whatever a page is replaced by, the fetch is refused with a code', async () => {
  const { pointer, pages } = planManifest(flatTree(300));
  for (const [index, { id }] of pages.entries()) {
    for (const bytes of [pages[(index + 1) % pages.length]!.bytes, new Uint8Array(0), new Uint8Array(5000), pages[index]!.bytes.with(9, pages[index]!.bytes[9]! ^ 1)]) {
      const store = new Map(pages.map((page) => [page.id, page.bytes]));
      store.set(id, bytes);
      await expect(fetchManifest(pointer, fetchFrom(store))).rejects.toMatchObject({ code: 'PUBLISH_TAMPERED' });
    }
  }
});

test.each<[string, Partial<ReturnType<typeof planManifest>['pointer']>, RegExp]>([
  ['more leaves than there are', { leaves: 2000, manifestBytes: 2_000_000 }, /PUBLISH_BAD_MANIFEST|PUBLISH_NOT_CANONICAL/],
  ['fewer leaves than there are', { leaves: 2 }, /PUBLISH_BAD_MANIFEST/],
  ['one leaf where there is an index', { leaves: 1 }, /PUBLISH_SIZE_MISMATCH/],
  ['a smaller manifest', { manifestBytes: 60_000 }, /PUBLISH_SIZE_MISMATCH/],
  ['more entries', { entries: 301 }, /PUBLISH_SIZE_MISMATCH/],
  ['fewer bytes', { contentBytes: 1 }, /PUBLISH_SIZE_MISMATCH/],
])('a pointer that promises %s is refused', async (_what, lie, code) => {
  const { pointer, pages } = planManifest(flatTree(300));
  const fetched = fetchManifest({ ...pointer, ...lie }, fetchFrom(new Map(pages.map(({ id, bytes }) => [id, bytes]))));
  await expect(fetched).rejects.toMatchObject({ name: 'PublishError', code: expect.stringMatching(code) });
});

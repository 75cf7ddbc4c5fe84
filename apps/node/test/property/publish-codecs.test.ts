import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../src/publish/core/base64url.ts';
import { ByteWriter } from '../../src/publish/core/byte-writer.ts';
import { compareBytes } from '../../src/publish/core/byte-order.ts';
import { decodeIndexPage } from '../../src/publish/core/index-pages.ts';
import { decodeManifest } from '../../src/publish/core/manifest-decoder.ts';
import { encodeManifest } from '../../src/publish/core/manifest-encoder.ts';
import { nameRefusal, shownBytes } from '../../src/publish/core/names.ts';
import { decodePointer, encodePointer } from '../../src/publish/core/pointer.ts';
import { decodeSentRecords, encodeSentRecord } from '../../src/publish/core/sent-records.ts';
import type { DirectoryEntry, Extent, TreeEntry } from '../../src/publish/core/tree.ts';

const bytes = (constraints: fc.IntArrayConstraints): fc.Arbitrary<Uint8Array> => fc.uint8Array(constraints).map((array) => Uint8Array.from(array));
const name = bytes({ minLength: 1, maxLength: 12 }).filter((candidate) => nameRefusal(candidate) === undefined);
const mode = fc.integer({ min: 0, max: 0o7777 });
const time = fc.oneof(fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }), fc.integer({ min: -5, max: 5 }));
/** The length of a block follows from its hash: one block has one length. */
const extent: fc.Arbitrary<Extent> = fc.record({ seed: fc.integer({ min: 0, max: 255 }), from: fc.nat(), length: fc.nat() }).map(({ seed, from, length }) => {
  const blockLength = 1 + ((seed * 7919) % 1165);
  const offset = from % blockLength;
  return { block: toBase64Url(new Uint8Array(32).fill(seed)), blockLength, offset, length: 1 + (length % (blockLength - offset)) };
});

const { tree } = fc.letrec<{ tree: DirectoryEntry; entry: TreeEntry }>((tie) => ({
  tree: fc
    .record({ type: fc.constant('directory' as const), name: fc.constant(new Uint8Array(0)), mode, mtimeMs: time, children: fc.array(tie('entry'), { maxLength: 6 }) })
    .map((directory) => ({ ...directory, children: distinct(directory.children) })),
  entry: fc.oneof(
    { depthSize: 'small' },
    fc.record({ type: fc.constant('symlink' as const), name, mtimeMs: time, target: bytes({ minLength: 1, maxLength: 30 }).map((target) => target.map((byte) => byte || 1)) }),
    fc.record({ type: fc.constant('file' as const), name, mode, mtimeMs: time, extents: fc.array(extent, { maxLength: 5 }) }).map((file) => ({ ...file, size: file.extents.reduce((sum, { length }) => sum + length, 0) })),
    fc.record({ type: fc.constant('hardlink' as const), name, file: fc.nat({ max: 20 }) }),
    fc.record({ directory: tie('tree'), name }).map(({ directory, name: called }): TreeEntry => ({ ...directory, name: called })),
  ),
}));

function distinct(children: readonly TreeEntry[]): TreeEntry[] {
  return children.toSorted((a, b) => compareBytes(a.name, b.name)).filter((child, at, all) => at === 0 || compareBytes(all[at - 1]!.name, child.name) !== 0);
}

/** Hardlinks that lead to a file that came before; others are left out. */
function withoutWildLinks(root: DirectoryEntry): DirectoryEntry {
  let files = 0;
  const directory = (entry: DirectoryEntry): DirectoryEntry => ({
    ...entry,
    children: entry.children.flatMap((child): TreeEntry[] => {
      if (child.type === 'directory') return [directory(child)];
      if (child.type === 'hardlink') return files === 0 ? [] : [{ ...child, file: child.file % files }];
      if (child.type === 'file') files += 1;
      return [child];
    }),
  });
  return directory(root);
}

const manifest = tree.map(withoutWildLinks);

/** Either it is read, and then writing it again gives the same bytes, or it is refused with a code. */
function readOrRefused<T>(read: () => T, write: (value: T) => Uint8Array, input: Uint8Array): void {
  let value: T;
  try {
    value = read();
  } catch (error) {
    expect(error).toMatchObject({ name: 'PublishError', code: expect.stringMatching(/^PUBLISH_/) });
    return;
  }
  expect(write(value)).toEqual(input);
}

test('a manifest that was written is read as it was', () => {
  fc.assert(
    fc.property(manifest, (root) => {
      expect(decodeManifest(encodeManifest(root)).root).toEqual(root);
    }),
    { numRuns: 500 },
  );
});

test('whatever bytes a manifest consists of, it is refused with a code or has exactly one form', () => {
  fc.assert(
    fc.property(bytes({ maxLength: 300 }), (input) => readOrRefused(() => decodeManifest(input).root, encodeManifest, input)),
    { numRuns: 2000 },
  );
});

const damage = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'repeat') });
function damaged(input: Uint8Array, { at, to, kind }: { at: number; to: number; kind: string }): Uint8Array {
  const list = [...input];
  const place = at % Math.max(1, list.length);
  if (kind === 'set') list[place] = to;
  if (kind === 'insert') list.splice(place, 0, to);
  if (kind === 'remove') list.splice(place, 1 + (to % 4));
  if (kind === 'cut') list.length = place;
  if (kind === 'repeat') list.splice(place, 0, ...list.slice(place, place + to));
  return Uint8Array.from(list);
}

test('a manifest that was damaged is refused with a code or has exactly one form', () => {
  fc.assert(
    fc.property(manifest, fc.array(damage, { minLength: 1, maxLength: 3 }), (root, changes) => {
      const input = changes.reduce(damaged, encodeManifest(root));
      readOrRefused(() => decodeManifest(input).root, encodeManifest, input);
    }),
    { numRuns: 3000 },
  );
});

const pointer = fc
  .record({ root: bytes({ minLength: 32, maxLength: 32 }).map(toBase64Url), leaves: fc.integer({ min: 1, max: 1000 }), more: fc.nat({ max: 100_000 }), entries: fc.nat({ max: 262_144 }), contentBytes: fc.nat({ max: 2 ** 31 - 1 }) })
  .map(({ more, ...rest }) => ({ ...rest, manifestBytes: (rest.leaves - 1) * 512 + 1 + more }));

test('a pointer that was written is read as it was; others are refused or have one form', () => {
  fc.assert(fc.property(pointer, (value) => { expect(decodePointer(encodePointer(value))).toEqual(value); }));
  fc.assert(
    fc.property(pointer, fc.array(damage, { minLength: 1, maxLength: 2 }), (value, changes) => {
      const input = changes.reduce(damaged, encodePointer(value));
      readOrRefused(() => decodePointer(input), encodePointer, input);
    }),
    { numRuns: 2000 },
  );
});

test('whatever a page of the index consists of, it is refused with a code or what was expected', () => {
  const start = bytes({ maxLength: 200 }).map((rest) => Uint8Array.from([0x44, 0x54, 0x49, 1, 1, ...rest]));
  fc.assert(
    fc.property(fc.oneof(start, bytes({ maxLength: 200 })), fc.integer({ min: 1, max: 32 }), fc.nat({ max: 5000 }), (input, children, manifestBytes) => {
      let refs: ReturnType<typeof decodeIndexPage>;
      try {
        refs = decodeIndexPage(input, { level: 1, children, manifestBytes });
      } catch (error) {
        expect(error).toMatchObject({ name: 'PublishError' });
        return;
      }
      expect(refs).toHaveLength(children);
      expect(refs.reduce((sum, ref) => sum + ref.manifestBytes, 0)).toBe(manifestBytes);
    }),
    { numRuns: 2000 },
  );
});

test('a page of the index has exactly the children that belong into it', () => {
  const page = (children: number, each: number): Uint8Array => {
    const writer = new ByteWriter();
    writer.bytes(Uint8Array.from([0x44, 0x54, 0x49, 1, 1, children]));
    for (let child = 0; child < children; child++) {
      writer.bytes(new Uint8Array(32).fill(child));
      writer.varint(each);
    }
    return writer.result();
  };
  expect(decodeIndexPage(page(3, 20), { level: 1, children: 3, manifestBytes: 60 })).toHaveLength(3);
  expect(() => decodeIndexPage(page(2, 30), { level: 1, children: 3, manifestBytes: 60 })).toThrow(expect.objectContaining({ code: 'PUBLISH_NOT_CANONICAL' }) as Error);
  expect(() => decodeIndexPage(page(3, 20), { level: 2, children: 3, manifestBytes: 60 })).toThrow(expect.objectContaining({ code: 'PUBLISH_BAD_MANIFEST' }) as Error);
  expect(() => decodeIndexPage(page(3, 20), { level: 1, children: 3, manifestBytes: 61 })).toThrow(expect.objectContaining({ code: 'PUBLISH_SIZE_MISMATCH' }) as Error);
});

test('a journal gives back the last word on each block, whatever was cut off or damaged behind it', () => {
  const record = fc.record({ id: fc.integer({ min: 0, max: 20 }).map((seed) => toBase64Url(new Uint8Array(32).fill(seed))), time: fc.integer({ min: 0, max: 2 ** 47 }), acks: fc.integer({ min: 0, max: 5 }) });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), bytes({ maxLength: 39 }), (records, torn) => {
      const journal = Buffer.concat([...records.map(({ id, ...block }) => encodeSentRecord(id, block)), torn]);
      expect(decodeSentRecords(journal)).toEqual(new Map(records.map(({ id, ...block }) => [id, block])));
    }),
  );
  fc.assert(fc.property(bytes({ maxLength: 400 }), (input) => void decodeSentRecords(input)));
  fc.assert(
    fc.property(fc.nat({ max: 39 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const ids = [1, 2, 3].map((seed) => toBase64Url(new Uint8Array(32).fill(seed)));
      const journal = Buffer.concat(ids.map((id) => encodeSentRecord(id, { time: 1_700_000_000_000, acks: 5 })));
      journal[40 + at]! ^= change;
      expect([...decodeSentRecords(journal).keys()]).toEqual([ids[0], ids[2]]);
    }),
  );
});

test('base64url is what Node makes of the bytes, both ways', () => {
  fc.assert(
    fc.property(bytes({ maxLength: 70 }), (input) => {
      expect(toBase64Url(input)).toBe(Buffer.from(input).toString('base64url'));
      expect(fromBase64Url(toBase64Url(input))).toEqual(input);
    }),
  );
});

test('whatever the bytes of a name, what is shown of them is printable', () => {
  fc.assert(fc.property(bytes({ maxLength: 40 }), (input) => { expect(shownBytes(input)).not.toMatch(/[\p{Cc}\p{Cf}]/u); }));
});

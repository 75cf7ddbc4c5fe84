import { bindValue } from '@p2p/dave-wire';
import { blockIdOf, blockKey } from '../../src/publish/core/block.ts';
import { ContentPlanner } from '../../src/publish/core/content-planner.ts';
import { StreamCutter } from '../../src/publish/core/cutter.ts';
import { buildIndex } from '../../src/publish/core/index-pages.ts';
import { decodeManifest } from '../../src/publish/core/manifest-decoder.ts';
import { encodeManifest } from '../../src/publish/core/manifest-encoder.ts';
import { planManifest } from '../../src/publish/core/manifest-pages.ts';
import { encodePointer, pointerKey } from '../../src/publish/core/pointer.ts';
import { PublishError } from '../../src/publish/core/publish-error.ts';
import type { DirectoryEntry, TreeEntry } from '../../src/publish/core/tree.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The bytes that the vectors call stream(seed, length): the top byte of each state of x -> 1664525 x + 1013904223 mod 2^32, from x = seed on. */
export function stream(seed: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

function cutLengths(bytes: Uint8Array): number[] {
  const lengths: number[] = [];
  const cutter = new StreamCutter((block) => lengths.push(block.length));
  cutter.push(bytes);
  cutter.end();
  return lengths;
}

/** Files of the tree in the vectors, in the order of the manifest: each is stream(seed, size). */
const FILES = [
  { name: 'empty', seed: 1, size: 0, mode: 0o600, mtimeMs: 0 },
  { name: 'large', seed: 2, size: 70_000, mode: 0o644, mtimeMs: 1_700_000_000_123 },
  { name: 'middle', seed: 3, size: 5000, mode: 0o755, mtimeMs: -1 },
  { name: 'small', seed: 4, size: 300, mode: 0o4711, mtimeMs: 1 },
  { name: 'small too', seed: 5, size: 700, mode: 0o444, mtimeMs: 2 },
  { name: 'twin', seed: 4, size: 300, mode: 0o644, mtimeMs: 3 },
] as const;

function vectorTree(): DirectoryEntry {
  const planner = new ContentPlanner();
  for (const { seed, size } of FILES) {
    const splitter = planner.file(size);
    splitter.push(stream(seed, size));
    splitter.end();
  }
  const { extents } = planner.finish();
  const files = FILES.map(({ name, size, mode, mtimeMs }, at): TreeEntry => ({ type: 'file', name: utf8(name), mode, mtimeMs, size, extents: extents[at]! }));
  return {
    type: 'directory', name: new Uint8Array(0), mode: 0o755, mtimeMs: 1_600_000_000_000,
    children: [
      ...files,
      { type: 'hardlink', name: utf8('twin again'), file: 5 },
      { type: 'directory', name: utf8('x'), mode: 0o500, mtimeMs: 5, children: [{ type: 'symlink', name: Uint8Array.of(0xff, 0x01), mtimeMs: 6, target: utf8('../large') }] },
    ],
  };
}

/** A manifest as JSON, bytes in hex. */
export function manifestToJson(entry: TreeEntry): unknown {
  if (entry.type === 'directory') return { ...entry, name: hex(entry.name), children: entry.children.map(manifestToJson) };
  if (entry.type === 'symlink') return { ...entry, name: hex(entry.name), target: hex(entry.target) };
  return { ...entry, name: hex(entry.name) };
}

function codeOf(bytes: Uint8Array): string {
  try {
    decodeManifest(bytes);
    return 'accepted';
  } catch (error) {
    return (error as PublishError).code;
  }
}

/** Manifests that must be refused, in hex, each one step away from a good one. */
const REFUSED: Readonly<Record<string, string>> = {
  'no bytes': '',
  'another magic': '44545801ed030000',
  'version 2': '44544d02ed030000',
  'bytes after the end': '44544d01ed03000000',
  'a mode in three bytes where two do': '44544d01ed83000000',
  'a mode above 7777 octal': '44544d0180200000',
  'a name ..': '44544d01ed03000101022e2e00000000',
  'a name with a slash': '44544d01ed0300010103612f6200000000',
  'an empty name': '44544d01ed030001010000000000',
  'one name twice': '44544d01ed030002010161000000000101610000'.concat('0000'),
  'names that do not ascend': '44544d01ed0300020101620000000001016100000000',
  'a hardlink before its file': '44544d01ed030001030161'.concat('00'),
  'more children than bytes': '44544d01ed0300ff010101610000'.concat('0000'),
  'a size without extents': '44544d01ed030001010161000005'.concat('00'),
  'an entry of type 4': '44544d01ed03000104016100',
};

/** Everything that the format fixes, made by the code. */
export function publishVectors(): Record<string, unknown> {
  const tree = vectorTree();
  const manifest = encodeManifest(tree);
  const { pointer, pages } = planManifest(tree);
  const leaves = Array.from({ length: 70 }, (_, at) => ({ id: blockIdOf(stream(at, 1000)), length: 1000, manifestBytes: 1000 }));
  const indexPages: { id: string; bytes: string }[] = [];
  const index = buildIndex(leaves, (bytes, { id }) => indexPages.push({ id, bytes: hex(bytes) }));
  return {
    about: 'Vectors of docs/publish-format.md, version 1. stream(seed, n): n bytes, each the top byte of the state x, which becomes 1664525 x + 1013904223 mod 2^32 before every byte and begins as seed.',
    blocks: [utf8('a'), stream(7, 1165)].map((bytes) => ({ bytes: hex(bytes), key: blockKey(blockIdOf(bytes)) })),
    cuts: [0, 1, 899, 1165, 1166, 50_000].map((size) => ({ seed: 9, size, lengths: cutLengths(stream(9, size)) })),
    zeroCuts: { size: 5000, lengths: cutLengths(new Uint8Array(5000)) },
    tree: { files: FILES, manifest: hex(manifest), decoded: manifestToJson(tree), pages: pages.map(({ id, bytes }) => ({ key: blockKey(id), length: bytes.length })), pointer, pointerBytes: hex(encodePointer(pointer)) },
    pointerDat: { name: 'site', key: pointerKey('site'), value: hex(bindValue(pointerKey('site'), encodePointer(pointer))) },
    index: { leaves: 'the blocks stream(0, 1000) to stream(69, 1000)', level: index.level, root: index.root.id, pages: indexPages },
    refused: Object.entries(REFUSED).map(([what, bytes]) => ({ what, bytes, code: codeOf(Buffer.from(bytes, 'hex')) })),
  };
}

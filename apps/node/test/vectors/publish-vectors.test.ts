import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blockIdOf, blockKey } from '../../src/publish/core/block.ts';
import { decodeManifest } from '../../src/publish/core/manifest-decoder.ts';
import { decodePointer } from '../../src/publish/core/pointer.ts';
import { manifestToJson, publishVectors, stream } from './publish-vectors.ts';

interface Vectors {
  blocks: { bytes: string; key: string }[];
  tree: { manifest: string; decoded: unknown; pointer: unknown; pointerBytes: string };
  refused: { what: string; bytes: string; code: string }[];
}

const text = readFileSync(new URL('../../../../docs/publish-format-vectors.json', import.meta.url), 'utf8');
const vectors = JSON.parse(text) as Vectors;

test('the vectors in docs/ are what the code makes: change them only with the version of the format', () => {
  expect(JSON.parse(JSON.stringify(publishVectors()))).toEqual(JSON.parse(text));
});

test('the stream of the vectors is the one that its description gives', () => {
  expect([...stream(0, 4)]).toEqual([1_013_904_223 >>> 24, ((1_013_904_223 * 1_664_525 + 1_013_904_223) % 2 ** 32) >>> 24, expect.any(Number), expect.any(Number)]);
});

test('the vectors are read as they say', () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
  expect(manifestToJson(decodeManifest(bytes(vectors.tree.manifest)).root)).toEqual(vectors.tree.decoded);
  expect(decodePointer(bytes(vectors.tree.pointerBytes))).toEqual(vectors.tree.pointer);
  for (const block of vectors.blocks) expect(blockKey(blockIdOf(bytes(block.bytes)))).toBe(block.key);
  expect(vectors.refused.filter(({ code }) => !code.startsWith('PUBLISH_'))).toEqual([]);
});

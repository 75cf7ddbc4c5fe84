import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { escapeBytes, unescapeBytes } from '../../src/escape.ts';
import { keyBytes } from '../../src/key.ts';
import { formatNode, MANIFEST_HEADER, parseManifest, parseNode, type TreeNode } from '../../src/manifest.ts';
import { parseOwner } from '../../src/owner-record.ts';
import { formatPointer, parsePointer, type Pointer } from '../../src/pointer.ts';

const RUNS = Number(process.env['CACHE_FUZZ_RUNS'] ?? 300);
const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const bytes = fc.uint8Array({ minLength: 1, maxLength: 24 }).map((array) => Buffer.from(array).toString('latin1'));
const name = bytes.filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..');
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array).toString('hex'));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
const xattrs = fc.uniqueArray(fc.tuple(bytes, fc.uint8Array({ maxLength: 9 }).map((value) => Buffer.from(value).toString('base64'))), { maxLength: 3, selector: ([attribute]) => attribute });

const node: fc.Arbitrary<TreeNode> = fc
  .record({
    path, xattrs, digest,
    type: fc.constantFrom('f', 'd', 'l', 'p', 's', 'c', 'b'),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.integer({ min: -1, max: 2 ** 32 - 1 }),
    gid: fc.integer({ min: -1, max: 2 ** 32 - 1 }),
    mtimeUs: fc.integer({ min: -(2 ** 50), max: 2 ** 50 }),
    size: fc.maxSafeNat(),
    target: bytes.filter((text) => !text.includes('\0')),
    major: fc.nat(), minor: fc.nat(),
  })
  .map((all): TreeNode => ({
    ...all,
    group: '-',
    size: all.type === 'f' ? all.size : 0,
    digest: all.type === 'f' ? all.digest : '',
    target: all.type === 'l' ? all.target : '',
    major: all.type === 'c' || all.type === 'b' ? all.major : 0,
    minor: all.type === 'c' || all.type === 'b' ? all.minor : 0,
  }));

/** A text with some of it replaced, removed or repeated. */
const damaged = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom(' ', '\n', '%2e', '..', '/', '\0', '-', '0'))), { minLength: 1, maxLength: 3 })).map(([whole, edits]) => {
    let result = whole;
    for (const [at, length, insert] of edits) {
      const start = at % (result.length + 1);
      result = result.slice(0, start) + insert + result.slice(start + length);
    }
    return result;
  });

const root: TreeNode = { path: '.', type: 'd', mode: 0o755, uid: -1, gid: -1, mtimeUs: 0, size: 0, digest: '', group: '-', target: '', major: 0, minor: 0, xattrs: [] };

/** A sound manifest: every directory on the way is there. */
const manifest = fc.uniqueArray(node, { maxLength: 8, selector: ({ path }) => path }).map((nodes) => {
  const all = new Map<string, TreeNode>();
  for (const one of nodes) {
    const names = one.path.split('/');
    for (let depth = 1; depth < names.length; depth++) all.set(names.slice(0, depth).join('/'), { ...root, path: names.slice(0, depth).join('/') });
  }
  for (const one of nodes) if (!all.has(one.path)) all.set(one.path, one);
  return `${[MANIFEST_HEADER, formatNode(root), ...Array.from(all.values(), formatNode).sort()].join('\n')}\n`;
});

describe('escaped bytes', () => {
  test('come back as they were and hold neither spaces nor line ends', () => {
    fc.assert(fc.property(bytes, (text) => {
      const escaped = escapeBytes(text);
      expect(unescapeBytes(escaped)).toBe(text);
      expect(escaped).toMatch(/^[!-~]*$/);
    }), { numRuns: RUNS });
  });

  test('have one form only', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('%', '4', '1', '2', 'f', 'F', 'a', ' ', '0', '5'), maxLength: 9 }), (text) => {
      const plain = unescapeBytes(text);
      if (plain !== undefined) expect(escapeBytes(plain)).toBe(text);
    }), { numRuns: RUNS * 10 });
  });
});

describe('manifests', () => {
  test('nodes come back as they were', () => {
    fc.assert(fc.property(node, (one) => {
      const sorted = { ...one, xattrs: one.xattrs };
      expect(parseNode(formatNode(sorted))).toEqual(sorted);
    }), { numRuns: RUNS });
  });

  test('what is accepted is canonical: it is what would be written', () => {
    fc.assert(fc.property(damaged(node.map(formatNode)), (line) => {
      const parsed = parseNode(line);
      if (parsed !== undefined) expect(formatNode(parsed)).toBe(line);
    }), { numRuns: RUNS * 5 });
  });

  test('sound ones are read, damaged ones are refused or still sound, and no path leaves the tree', () => {
    fc.assert(fc.property(manifest, (text) => {
      expect(parseManifest(text)).toBeDefined();
    }), { numRuns: RUNS });
    fc.assert(fc.property(damaged(manifest), (text) => {
      const nodes = parseManifest(text);
      if (nodes === undefined) return;
      expect(nodes[0]?.path).toBe('.');
      for (const { path } of nodes.slice(1)) expect(path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true);
      expect(new Set(nodes.map(({ path }) => path)).size).toBe(nodes.length);
      expect(`${[MANIFEST_HEADER, ...nodes.map(formatNode)].join('\n')}\n`).toBe(text);
    }), { numRuns: RUNS * 5 });
  });

  test.for(['../x', '/x', 'a/../b', 'a//b', 'a/', './a', 'a/.', 'a/..'])('the path %s is refused', (bad) => {
    const line = formatNode({ ...root, path: bad, type: 'd' });
    expect(parseNode(line)).toBeUndefined();
    expect(parseManifest(`${MANIFEST_HEADER}\n${formatNode(root)}\n${line}\n`)).toBeUndefined();
  });

  test('a node under something that is no directory, such as a link, is refused', () => {
    const link = formatNode({ ...root, path: 'a', type: 'l', target: '/etc' });
    const inside = formatNode({ ...root, path: 'a/passwd', type: 'f', digest: 'ab'.repeat(32) });
    expect(parseManifest(`${MANIFEST_HEADER}\n${formatNode(root)}\n${link}\n${inside}\n`)).toBeUndefined();
  });

  test('hardlink groups of one, with differing members or numbered out of order are refused', () => {
    const file = (path: string, group: string, size = 1): string => formatNode({ ...root, path, type: 'f', size, digest: 'ab'.repeat(32), group });
    const text = (...lines: string[]): string => `${[MANIFEST_HEADER, formatNode(root), ...lines].join('\n')}\n`;
    expect(parseManifest(text(file('a', '0'), file('b', '0')))).toHaveLength(3);
    expect(parseManifest(text(file('a', '0')))).toBeUndefined();
    expect(parseManifest(text(file('a', '0'), file('b', '0', 2)))).toBeUndefined();
    expect(parseManifest(text(file('a', '1'), file('b', '1')))).toBeUndefined();
  });
});

const pointer: fc.Arbitrary<Pointer> = fc.record({
  key: fc.string({ minLength: 1, unit: 'grapheme' }),
  description: fc.string({ unit: 'grapheme' }),
  tree: digest,
  sizeBytes: fc.maxSafeNat(), allocatedBytes: fc.maxSafeNat(), sharedBytes: fc.maxSafeNat(), files: fc.nat(), cachedAtMs: fc.nat(),
});

describe('pointers', () => {
  test('come back as they were', () => {
    fc.assert(fc.property(pointer, (one) => {
      expect(parsePointer(formatPointer(one, sha256), sha256)).toEqual(one);
    }), { numRuns: RUNS });
  });

  test('any damage is noticed', () => {
    fc.assert(fc.property(damaged(pointer.map((one) => formatPointer(one, sha256))), pointer, (text, one) => {
      const parsed = parsePointer(text, sha256);
      if (parsed !== undefined) expect(formatPointer(parsed, sha256)).toBe(text);
      expect(parsePointer(formatPointer({ ...one, tree: '../../outside' }, sha256), sha256)).toBeUndefined();
    }), { numRuns: RUNS * 3 });
  });

  test('cutting one short anywhere is noticed', () => {
    const text = formatPointer({ key: 'k', description: '', tree: 'ab'.repeat(32), sizeBytes: 1, allocatedBytes: 1, sharedBytes: 0, files: 1, cachedAtMs: 1 }, sha256);
    for (let length = 0; length < text.length; length++) expect(parsePointer(text.slice(0, length), sha256)).toBeUndefined();
  });
});

describe('owner records', () => {
  test('anything else than a record is nobody', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.jsonValue().map((value) => JSON.stringify(value))), (text) => {
      const owner = parseOwner(text);
      if (owner !== undefined) expect(owner.pid).toBeGreaterThan(0);
    }), { numRuns: RUNS });
    expect(parseOwner('{"id":"../x","pid":1,"machine":"","pidSpace":"","startedAt":""}')).toBeUndefined();
    expect(parseOwner('{"id":"1-00112233445566ff","pid":1,"machine":"","pidSpace":"","startedAt":""}')?.pid).toBe(1);
  });
});

describe('keys', () => {
  test('two that differ never have the same bytes', () => {
    fc.assert(fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1, unit: 'grapheme' }), (a, b) => {
      expect(Buffer.from(keyBytes(a)).equals(keyBytes(b))).toBe(a === b);
    }), { numRuns: RUNS });
  });
});

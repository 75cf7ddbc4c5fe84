import { expect, test } from 'vitest';
import { toBase64Url } from '../../src/publish/core/base64url.ts';
import { ByteWriter } from '../../src/publish/core/byte-writer.ts';
import { decodeManifest } from '../../src/publish/core/manifest-decoder.ts';
import { encodeManifest } from '../../src/publish/core/manifest-encoder.ts';
import type { DirectoryEntry, TreeEntry } from '../../src/publish/core/tree.ts';

const name = (text: string): Uint8Array => new TextEncoder().encode(text);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const root = (children: readonly TreeEntry[]): DirectoryEntry => ({ type: 'directory', name: name(''), mode: 0o755, mtimeMs: 0, children });

/** A manifest written by hand: header, then a root of `count` children whose bytes `write` writes. */
function forged(count: number, write: (writer: ByteWriter) => void, version = 1): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(name('DTM'));
  writer.byte(version);
  writer.varint(0o755);
  writer.signed(0);
  writer.varint(count);
  write(writer);
  return writer.result();
}

function directory(writer: ByteWriter, called: string, children: number): void {
  writer.byte(0);
  writer.text(name(called));
  writer.varint(0o755);
  writer.signed(0);
  writer.varint(children);
}

function file(writer: ByteWriter, called: string | Uint8Array, size = 0, extents: readonly ((writer: ByteWriter) => void)[] = []): void {
  writer.byte(1);
  writer.text(typeof called === 'string' ? name(called) : called);
  writer.varint(0o644);
  writer.signed(0);
  writer.varint(size);
  writer.varint(extents.length);
  for (const extent of extents) extent(writer);
}

const whole = (byte: number, length: number) => (writer: ByteWriter): void => {
  writer.bytes(hash(byte));
  writer.varint(length * 2);
};
const part = (byte: number, offset: number, length: number, blockLength: number) => (writer: ByteWriter): void => {
  writer.bytes(hash(byte));
  writer.varint(length * 2 + 1);
  writer.varint(offset);
  writer.varint(blockLength);
};

test('a manifest is the bytes that the format says', () => {
  const bytes = encodeManifest(
    root([
      { type: 'directory', name: name('a'), mode: 0o700, mtimeMs: -1, children: [{ type: 'hardlink', name: name('h'), file: 0 } as const].slice(1) },
      { type: 'file', name: name('b'), mode: 0o4755, mtimeMs: 300, size: 7, extents: [
        { block: toBase64Url(hash(1)), blockLength: 4, offset: 0, length: 4 },
        { block: toBase64Url(hash(2)), blockLength: 200, offset: 130, length: 3 },
      ] },
      { type: 'hardlink', name: name('c'), file: 0 },
      { type: 'symlink', name: name('d'), mtimeMs: 1, target: name('..') },
    ]),
  );
  const hex = [
    '44544d 01', 'ed03 00 04',
    '00 0161 c003 01 00',
    '01 0162 ed13 d804 07 02', `${'01'.repeat(32)} 08`, `${'02'.repeat(32)} 07 8201 c801`,
    '03 0163 00',
    '02 0164 02 022e2e',
  ].join('').replaceAll(' ', '');
  expect(Buffer.from(bytes).toString('hex')).toBe(hex);
  const manifest = decodeManifest(bytes);
  expect(manifest.totals).toEqual({ entries: 4, contentBytes: 7 });
  expect([...manifest.blocks]).toEqual([[toBase64Url(hash(1)), 4], [toBase64Url(hash(2)), 200]]);
});

test.each<[string, Uint8Array, string]>([
  ['nothing at all', new Uint8Array(0), 'PUBLISH_BAD_MANIFEST'],
  ['another file', name('#!/bin/sh\n'), 'PUBLISH_BAD_MANIFEST'],
  ['another version', forged(0, () => {}, 2), 'PUBLISH_UNKNOWN_VERSION'],
  ['bytes after its end', forged(0, (writer) => writer.byte(0)), 'PUBLISH_BAD_MANIFEST'],
  ['an entry of a type that does not exist', forged(1, (writer) => { writer.byte(4); writer.text(name('x')); writer.varint(0); }), 'PUBLISH_BAD_MANIFEST'],
  ['a name ..', forged(1, (writer) => file(writer, '..')), 'PUBLISH_UNSAFE_NAME'],
  ['a name .', forged(1, (writer) => file(writer, '.')), 'PUBLISH_UNSAFE_NAME'],
  ['an empty name', forged(1, (writer) => file(writer, '')), 'PUBLISH_UNSAFE_NAME'],
  ['an absolute path as name', forged(1, (writer) => file(writer, '/etc/passwd')), 'PUBLISH_UNSAFE_NAME'],
  ['a path upwards as name', forged(1, (writer) => file(writer, 'a/../../b')), 'PUBLISH_UNSAFE_NAME'],
  ['a directory called ..', forged(1, (writer) => directory(writer, '..', 0)), 'PUBLISH_UNSAFE_NAME'],
  ['a zero byte in a name', forged(1, (writer) => file(writer, Uint8Array.of(97, 0, 98))), 'PUBLISH_UNSAFE_NAME'],
  ['a name of 256 bytes', forged(1, (writer) => file(writer, 'x'.repeat(256))), 'PUBLISH_TOO_LARGE'],
  ['one name twice', forged(2, (writer) => { file(writer, 'a'); file(writer, 'a'); }), 'PUBLISH_NOT_CANONICAL'],
  ['a link and a directory of its name, to write through it', forged(2, (writer) => {
    writer.byte(2); writer.text(name('a')); writer.signed(0); writer.text(name('/etc'));
    directory(writer, 'a', 1); file(writer, 'passwd');
  }), 'PUBLISH_NOT_CANONICAL'],
  ['names that do not ascend', forged(2, (writer) => { file(writer, 'b'); file(writer, 'a'); }), 'PUBLISH_NOT_CANONICAL'],
  ['a number with a byte too many', forged(1, (writer) => { writer.byte(1); writer.byte(0x81); writer.byte(0); writer.byte(97); writer.bytes(Uint8Array.of(1, 1, 1, 1)); }), 'PUBLISH_NOT_CANONICAL'],
  ['a number above 2^53', forged(1, (writer) => { writer.byte(1); writer.text(name('a')); writer.varint(0); writer.bytes(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1)); }), 'PUBLISH_BAD_MANIFEST'],
  ['a mode with more bits than a mode has', forged(1, (writer) => { writer.byte(1); writer.text(name('a')); writer.varint(0o10000); writer.bytes(Uint8Array.of(0, 0, 0)); }), 'PUBLISH_TOO_LARGE'],
  ['more children than there are bytes', forged(200_000, (writer) => file(writer, 'a')), 'PUBLISH_BAD_MANIFEST'],
  ['more children than any tree may have', forged(2 ** 40, () => {}), 'PUBLISH_TOO_LARGE'],
  ['more extents than there are bytes', forged(1, (writer) => { writer.byte(1); writer.text(name('a')); writer.varint(0); writer.signed(0); writer.varint(1e9); writer.varint(1e6); }), 'PUBLISH_BAD_MANIFEST'],
  ['a file larger than its extents', forged(1, (writer) => file(writer, 'a', 1000, [whole(1, 4)])), 'PUBLISH_SIZE_MISMATCH'],
  ['a file smaller than its extents', forged(1, (writer) => file(writer, 'a', 3, [whole(1, 4)])), 'PUBLISH_SIZE_MISMATCH'],
  ['a file of more bytes than any tree may have', forged(1, (writer) => file(writer, 'a', 2 ** 50)), 'PUBLISH_TOO_LARGE'],
  ['an extent beyond its block', forged(1, (writer) => file(writer, 'a', 10, [part(1, 95, 10, 100)])), 'PUBLISH_SIZE_MISMATCH'],
  ['an empty extent', forged(1, (writer) => file(writer, 'a', 0, [whole(1, 0)])), 'PUBLISH_NOT_CANONICAL'],
  ['a block larger than a packet holds', forged(1, (writer) => file(writer, 'a', 2000, [whole(1, 2000)])), 'PUBLISH_TOO_LARGE'],
  ['a whole block written as a part', forged(1, (writer) => file(writer, 'a', 9, [part(1, 0, 9, 9)])), 'PUBLISH_NOT_CANONICAL'],
  ['a block with two lengths', forged(1, (writer) => file(writer, 'a', 12, [whole(1, 4), whole(1, 8)])), 'PUBLISH_SIZE_MISMATCH'],
  ['a hardlink to a file that comes later', forged(2, (writer) => { writer.byte(3); writer.text(name('a')); writer.varint(0); file(writer, 'b'); }), 'PUBLISH_BAD_MANIFEST'],
  ['a symbolic link to nothing', forged(1, (writer) => { writer.byte(2); writer.text(name('a')); writer.signed(0); writer.text(name('')); }), 'PUBLISH_BAD_MANIFEST'],
  ['a zero byte in a symbolic link', forged(1, (writer) => { writer.byte(2); writer.text(name('a')); writer.signed(0); writer.text(Uint8Array.of(97, 0)); }), 'PUBLISH_BAD_MANIFEST'],
  ['directories nested 10 000 deep', forged(1, (writer) => { for (let depth = 0; depth < 10_000; depth++) directory(writer, 'd', 1); directory(writer, 'd', 0); }), 'PUBLISH_TOO_LARGE'],
  ['a path of more than 2048 bytes', forged(1, (writer) => { for (let depth = 0; depth < 9; depth++) directory(writer, 'd'.repeat(250), 1); file(writer, 'a'); }), 'PUBLISH_TOO_LARGE'],
])('a manifest with %s is refused', (_what, bytes, code) => {
  expect(() => decodeManifest(bytes)).toThrow(expect.objectContaining({ name: 'PublishError', code }) as Error);
});

test('a manifest of more than 64 MiB is refused unread', () => {
  expect(() => decodeManifest(new Uint8Array(64 * 1024 * 1024 + 1))).toThrow(expect.objectContaining({ code: 'PUBLISH_TOO_LARGE' }) as Error);
});

test('many files of few bytes are counted: 300 000 empty ones are more than a tree may have', () => {
  const bytes = forged(262_144, (writer) => {
    for (let index = 0; index < 262_143; index++) file(writer, String(index).padStart(6, '0'));
    directory(writer, 'd', 1);
    file(writer, 'one too many');
  });
  expect(() => decodeManifest(bytes)).toThrow(expect.objectContaining({ code: 'PUBLISH_TOO_LARGE' }) as Error);
});

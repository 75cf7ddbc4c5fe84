import { fromBase64Url } from './base64url.ts';
import { ByteWriter } from './byte-writer.ts';
import { FORMAT_VERSION, LIMITS } from './limits.ts';
import { ENTRY_TYPES, MANIFEST_MAGIC } from './manifest-format.ts';
import { PublishError } from './publish-error.ts';
import type { DirectoryEntry, FileEntry, TreeEntry } from './tree.ts';

/**
 * The manifest of a tree. What the tree must be like is checked by the decoder, which is run on the
 * result before anything is published.
 * @throws PublishError PUBLISH_TOO_LARGE
 */
export function encodeManifest(root: DirectoryEntry): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  writer.bytes(MANIFEST_MAGIC);
  writer.byte(FORMAT_VERSION);
  writeDirectory(writer, root);
  return writer.result();
}

function writeDirectory(writer: ByteWriter, { mode, mtimeMs, children }: DirectoryEntry): void {
  writer.varint(mode);
  writer.signed(mtimeMs);
  writer.varint(children.length);
  for (const child of children) writeEntry(writer, child);
}

function writeEntry(writer: ByteWriter, entry: TreeEntry): void {
  if (writer.length > LIMITS.manifestBytes) throw new PublishError('PUBLISH_TOO_LARGE', `the manifest of this tree has more than ${LIMITS.manifestBytes} bytes: publish it in parts`);
  writer.byte(ENTRY_TYPES[entry.type]);
  writer.text(entry.name);
  switch (entry.type) {
    case 'directory':
      return writeDirectory(writer, entry);
    case 'file':
      return writeFile(writer, entry);
    case 'symlink':
      writer.signed(entry.mtimeMs);
      return writer.text(entry.target);
    case 'hardlink':
      return writer.varint(entry.file);
  }
}

function writeFile(writer: ByteWriter, { mode, mtimeMs, size, extents }: FileEntry): void {
  writer.varint(mode);
  writer.signed(mtimeMs);
  writer.varint(size);
  writer.varint(extents.length);
  for (const { block, blockLength, offset, length } of extents) {
    const whole = offset === 0 && length === blockLength;
    writer.bytes(fromBase64Url(block));
    writer.varint(length * 2 + (whole ? 0 : 1));
    if (whole) continue;
    writer.varint(offset);
    writer.varint(blockLength);
  }
}

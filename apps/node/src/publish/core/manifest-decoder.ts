import { toBase64Url } from './base64url.ts';
import type { BlockId } from './block.ts';
import { compareBytes } from './byte-order.ts';
import { ByteReader } from './byte-reader.ts';
import { FORMAT_VERSION, HASH_BYTES, LIMITS, MAX_BLOCK_BYTES, MAX_TIME_MS } from './limits.ts';
import { ENTRY_TYPES, LEAST_ENTRY_BYTES, LEAST_EXTENT_BYTES, MANIFEST_MAGIC, MODE_BITS } from './manifest-format.ts';
import { nameRefusal, shownBytes } from './names.ts';
import { PublishError } from './publish-error.ts';
import type { DirectoryEntry, Extent, FileEntry, TreeEntry, TreeTotals } from './tree.ts';

/** A manifest that holds. */
export interface Manifest {
  readonly root: DirectoryEntry;
  readonly totals: TreeTotals;
  /** Every block that the files are made of, with its length, in the order of its first use. */
  readonly blocks: ReadonlyMap<BlockId, number>;
}

/**
 * Reads a manifest. What it returns is safe to be written below a directory: names are single path
 * components, each once in its directory, and only directories have children.
 * @throws PublishError PUBLISH_BAD_MANIFEST, PUBLISH_UNKNOWN_VERSION, PUBLISH_NOT_CANONICAL, PUBLISH_UNSAFE_NAME,
 * PUBLISH_SIZE_MISMATCH, PUBLISH_TOO_LARGE; nothing else is thrown
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > LIMITS.manifestBytes) throw new PublishError('PUBLISH_TOO_LARGE', `a manifest has at most ${LIMITS.manifestBytes} bytes, this one has ${bytes.length}`);
  return new ManifestDecoder(bytes).run();
}

class ManifestDecoder {
  readonly #reader: ByteReader;
  readonly #blocks = new Map<BlockId, number>();
  #entries = 0;
  #files = 0;
  #contentBytes = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes, 'the manifest', 'PUBLISH_BAD_MANIFEST');
  }

  run(): Manifest {
    const reader = this.#reader;
    if (compareBytes(reader.bytes(MANIFEST_MAGIC.length), MANIFEST_MAGIC) !== 0) throw reader.refuse('it does not begin like a manifest');
    const version = reader.byte();
    if (version !== FORMAT_VERSION) throw reader.refuse(`it is of version ${version}, this program reads version ${FORMAT_VERSION}`, 'PUBLISH_UNKNOWN_VERSION');
    const root = this.#directory(new Uint8Array(0), 0, 0);
    reader.end();
    return { root, totals: { entries: this.#entries, contentBytes: this.#contentBytes }, blocks: this.#blocks };
  }

  #directory(name: Uint8Array, depth: number, pathBytes: number): DirectoryEntry {
    const mode = this.#mode();
    const mtimeMs = this.#time();
    const count = this.#count(LIMITS.entries, LEAST_ENTRY_BYTES, 'the number of children');
    if (count > 0 && depth >= LIMITS.depth) throw this.#reader.refuse(`directories are nested deeper than ${LIMITS.depth}`, 'PUBLISH_TOO_LARGE');
    const children: TreeEntry[] = [];
    for (let index = 0; index < count; index++) children.push(this.#entry(children.at(-1)?.name, depth + 1, pathBytes));
    return { type: 'directory', name, mode, mtimeMs, children };
  }

  #entry(before: Uint8Array | undefined, depth: number, parentBytes: number): TreeEntry {
    const reader = this.#reader;
    const type = reader.byte();
    const name = reader.text(LIMITS.nameBytes, 'a name').slice();
    const refusal = nameRefusal(name);
    if (refusal !== undefined) throw reader.refuse(refusal, 'PUBLISH_UNSAFE_NAME');
    if (before !== undefined && compareBytes(before, name) >= 0) {
      throw reader.refuse(`'${shownBytes(name)}' comes after '${shownBytes(before)}': names ascend, each comes once`, 'PUBLISH_NOT_CANONICAL');
    }
    const pathBytes = parentBytes === 0 ? name.length : parentBytes + 1 + name.length;
    if (pathBytes > LIMITS.pathBytes) throw reader.refuse(`a path has more than ${LIMITS.pathBytes} bytes`, 'PUBLISH_TOO_LARGE');
    this.#entries += 1;
    if (this.#entries > LIMITS.entries) throw reader.refuse(`it has more than ${LIMITS.entries} entries`, 'PUBLISH_TOO_LARGE');
    switch (type) {
      case ENTRY_TYPES.directory:
        return this.#directory(name, depth, pathBytes);
      case ENTRY_TYPES.file:
        return this.#file(name);
      case ENTRY_TYPES.symlink:
        return { type: 'symlink', name, mtimeMs: this.#time(), target: this.#target() };
      case ENTRY_TYPES.hardlink: {
        const file = reader.varint(Number.MAX_SAFE_INTEGER, 'the file of a hardlink');
        if (file >= this.#files) throw reader.refuse(`'${shownBytes(name)}' is a hardlink to file ${file}, but only ${this.#files} came before it`);
        return { type: 'hardlink', name, file };
      }
      default:
        throw reader.refuse(`there is no entry of type ${type}`);
    }
  }

  #file(name: Uint8Array): FileEntry {
    const reader = this.#reader;
    const mode = this.#mode();
    const mtimeMs = this.#time();
    const size = reader.varint(LIMITS.contentBytes, 'the size of a file');
    const count = this.#count(Math.ceil(LIMITS.manifestBytes / LEAST_EXTENT_BYTES), LEAST_EXTENT_BYTES, 'the number of extents');
    const extents: Extent[] = [];
    let total = 0;
    for (let index = 0; index < count; index++) {
      const extent = this.#extent();
      total += extent.length;
      extents.push(extent);
    }
    if (total !== size) throw reader.refuse(`'${shownBytes(name)}' has ${size} bytes, its extents have ${total}`, 'PUBLISH_SIZE_MISMATCH');
    this.#files += 1;
    this.#contentBytes += size;
    if (this.#contentBytes > LIMITS.contentBytes) throw reader.refuse(`the files have more than ${LIMITS.contentBytes} bytes`, 'PUBLISH_TOO_LARGE');
    return { type: 'file', name, mode, mtimeMs, size, extents };
  }

  #extent(): Extent {
    const reader = this.#reader;
    const block = toBase64Url(reader.bytes(HASH_BYTES));
    const coded = reader.varint(2 * MAX_BLOCK_BYTES + 1, 'the length of an extent');
    const length = Math.floor(coded / 2);
    if (length === 0) throw reader.refuse('an extent is empty', 'PUBLISH_NOT_CANONICAL');
    let offset = 0;
    let blockLength = length;
    if (coded % 2 === 1) {
      offset = reader.varint(MAX_BLOCK_BYTES, 'the offset of an extent');
      blockLength = reader.varint(MAX_BLOCK_BYTES, 'the length of a block');
      if (offset + length > blockLength) throw reader.refuse(`an extent reaches from ${offset} to ${offset + length} in a block of ${blockLength}`, 'PUBLISH_SIZE_MISMATCH');
      if (length === blockLength) throw reader.refuse('an extent that is a whole block is written as a part of it', 'PUBLISH_NOT_CANONICAL');
    }
    const known = this.#blocks.get(block);
    if (known === undefined) this.#blocks.set(block, blockLength);
    else if (known !== blockLength) throw reader.refuse(`one block has ${known} bytes in one place and ${blockLength} in another`, 'PUBLISH_SIZE_MISMATCH');
    return { block, blockLength, offset, length };
  }

  #target(): Uint8Array {
    const target = this.#reader.text(LIMITS.symlinkBytes, 'the target of a symbolic link').slice();
    if (target.length === 0 || target.includes(0)) throw this.#reader.refuse('the target of a symbolic link is empty or holds a zero byte');
    return target;
  }

  #mode(): number {
    return this.#reader.varint(MODE_BITS, 'a mode');
  }

  #time(): number {
    return this.#reader.signed(MAX_TIME_MS, 'a time');
  }

  /** A count of things of which each takes some bytes: refused before room is made for them. */
  #count(most: number, leastBytes: number, name: string): number {
    const count = this.#reader.varint(most, name);
    if (count * leastBytes > this.#reader.left) throw this.#reader.refuse(`${name} is ${count}, more than the rest of it has room for`);
    return count;
  }
}

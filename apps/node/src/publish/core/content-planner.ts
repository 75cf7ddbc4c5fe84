import { blockIdOf, type BlockId, type BlockRef } from './block.ts';
import { StreamCutter } from './cutter.ts';
import { FileSplitter } from './file-splitter.ts';
import { indexAtOrBefore } from './index-at.ts';
import type { Extent } from './tree.ts';

/** Where bytes of a block are read from: a stretch of a file, by its place among the files. */
export interface Piece {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

/** A block to publish, and the pieces that make it up, in order. */
export interface PlannedBlock extends BlockRef {
  readonly pieces: readonly Piece[];
}

/** How the content of all files is made of blocks. */
export interface ContentPlan {
  /** Each distinct block once. */
  readonly blocks: readonly PlannedBlock[];
  /** Of each file, in the order they were planned. */
  readonly extents: readonly (readonly Extent[])[];
}

/** The end of a file that fills no block, at its place in the stream of all such ends. */
interface Tail {
  readonly start: number;
  readonly length: number;
  readonly piece: Piece;
}

interface FilePlan {
  readonly extents: Extent[];
  tail: Tail | undefined;
}

/**
 * Splits files into blocks. Full blocks are cut from each file alone, so that a change of one file
 * concerns no other. What remains of the files goes one after the other into a stream of its own that is
 * cut where its content says, so that small files share blocks, and one that is put in or taken out
 * moves few of them. Equal remains are in it once.
 */
export class ContentPlanner {
  readonly #files: FilePlan[] = [];
  readonly #blocks = new Map<BlockId, PlannedBlock>();
  readonly #tails: Tail[] = [];
  readonly #tailsById = new Map<BlockId, Tail>();
  readonly #tailBlocks: (BlockRef & { readonly start: number })[] = [];
  readonly #tailCutter: StreamCutter = new StreamCutter((block) => this.#addTailBlock(block));
  #tailBytes = 0;
  #cutBytes = 0;

  /** Takes the next file in the order of the manifest; its bytes are pushed into what is returned, and its end is told. */
  file(size: number): FileSplitter {
    const file = this.#files.length;
    const plan: FilePlan = { extents: [], tail: undefined };
    this.#files.push(plan);
    let offset = 0;
    return new FileSplitter(size, {
      onBlock: (block) => {
        const ref = { id: blockIdOf(block), length: block.length };
        if (!this.#blocks.has(ref.id)) this.#blocks.set(ref.id, { ...ref, pieces: [{ file, offset, length: block.length }] });
        plan.extents.push({ block: ref.id, blockLength: block.length, offset: 0, length: block.length });
        offset += block.length;
      },
      onTail: (tail) => {
        plan.tail = this.#addTail(tail, { file, offset, length: tail.length });
      },
    });
  }

  /** All files have been planned. */
  finish(): ContentPlan {
    this.#tailCutter.end();
    for (const { start, id, length } of this.#tailBlocks) {
      if (!this.#blocks.has(id)) this.#blocks.set(id, { id, length, pieces: this.#piecesOf(start, length) });
    }
    return { blocks: [...this.#blocks.values()], extents: this.#files.map(({ extents, tail }) => (tail === undefined ? extents : [...extents, ...this.#extentsOf(tail)])) };
  }

  #addTail(bytes: Uint8Array, piece: Piece): Tail {
    const id = blockIdOf(bytes);
    const known = this.#tailsById.get(id);
    if (known !== undefined) return known;
    const tail = { start: this.#tailBytes, length: bytes.length, piece };
    this.#tailBytes += bytes.length;
    this.#tails.push(tail);
    this.#tailsById.set(id, tail);
    this.#tailCutter.push(bytes);
    return tail;
  }

  #addTailBlock(block: Uint8Array): void {
    this.#tailBlocks.push({ start: this.#cutBytes, id: blockIdOf(block), length: block.length });
    this.#cutBytes += block.length;
  }

  /** Where the bytes of a stretch of the stream come from. */
  #piecesOf(start: number, length: number): Piece[] {
    const pieces: Piece[] = [];
    for (let at = indexAtOrBefore(this.#tails, start); at < this.#tails.length; at++) {
      const tail = this.#tails[at]!;
      if (tail.start >= start + length) break;
      const from = Math.max(start, tail.start);
      const until = Math.min(start + length, tail.start + tail.length);
      pieces.push({ file: tail.piece.file, offset: tail.piece.offset + from - tail.start, length: until - from });
    }
    return pieces;
  }

  /** The blocks that a tail lies in. */
  #extentsOf(tail: Tail): Extent[] {
    const extents: Extent[] = [];
    for (let at = indexAtOrBefore(this.#tailBlocks, tail.start); at < this.#tailBlocks.length; at++) {
      const block = this.#tailBlocks[at]!;
      if (block.start >= tail.start + tail.length) break;
      const from = Math.max(block.start, tail.start);
      const until = Math.min(block.start + block.length, tail.start + tail.length);
      extents.push({ block: block.id, blockLength: block.length, offset: from - block.start, length: until - from });
    }
    return extents;
  }
}


import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ContentPlan, PlannedBlock } from '../core/content-planner.ts';
import { ContentPlanner } from '../core/content-planner.ts';
import { blockIdOf } from '../core/block.ts';
import { shownBytes } from '../core/names.ts';
import { PublishError } from '../core/publish-error.ts';
import type { SourceFile } from './walk-tree.ts';

const WINDOW_BYTES = 256 * 1024;
/** A block of many small files is read from all of them, and its neighbours from the same. */
const MOST_OPEN = 64;

/**
 * The files of a tree that is published. They are read twice: to plan, and block by block when a block is
 * sent, so that no tree has to fit into memory. A file that changes meanwhile is noticed either time.
 */
export class SourceReader implements Disposable {
  readonly #files: readonly SourceFile[];
  /** Most recently used last. */
  readonly #open = new Map<number, number>();

  constructor(files: readonly SourceFile[]) {
    this.#files = files;
  }

  /**
   * Reads everything once.
   * @throws PublishError PUBLISH_BAD_SOURCE, PUBLISH_SOURCE_CHANGED; `signal.reason`
   */
  async plan(signal: AbortSignal, onProgress: (bytes: number) => void): Promise<ContentPlan> {
    const planner = new ContentPlanner();
    const window = new Uint8Array(WINDOW_BYTES);
    let done = 0;
    for (const [index, { size }] of this.#files.entries()) {
      const splitter = planner.file(size);
      for (let offset = 0; offset < size; ) {
        signal.throwIfAborted();
        const count = this.#read(index, window, offset, Math.min(window.length, size - offset));
        splitter.push(window.subarray(0, count));
        offset += count;
        done += count;
        onProgress(done);
        // Interruptions and progress get their turn.
        if (offset < size || index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      splitter.end();
      this.#assertUnchanged(index);
    }
    return planner.finish();
  }

  /**
   * The bytes of one block.
   * @throws PublishError PUBLISH_BAD_SOURCE, PUBLISH_SOURCE_CHANGED
   */
  block(block: PlannedBlock): Uint8Array {
    const bytes = new Uint8Array(block.length);
    let at = 0;
    for (const { file, offset, length } of block.pieces) {
      let done = 0;
      while (done < length) done += this.#read(file, bytes.subarray(at + done), offset + done, length - done);
      at += length;
    }
    if (blockIdOf(bytes) !== block.id) throw this.#changed(block.pieces[0]!.file);
    return bytes;
  }

  [Symbol.dispose](): void {
    for (const handle of this.#open.values()) closeSync(handle);
    this.#open.clear();
  }

  #read(index: number, into: Uint8Array, offset: number, length: number): number {
    const count = this.#attempt(index, () => readSync(this.#handle(index), into, 0, length, offset));
    if (count === 0) throw this.#changed(index);
    return count;
  }

  #handle(index: number): number {
    let handle = this.#open.get(index);
    if (handle === undefined) {
      if (this.#open.size >= MOST_OPEN) {
        const [oldest, its] = this.#open.entries().next().value!;
        this.#open.delete(oldest);
        closeSync(its);
      }
      // What has become a link or a pipe since it was looked at is neither followed nor waited for.
      handle = openSync(this.#files[index]!.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    } else this.#open.delete(index);
    this.#open.set(index, handle);
    return handle;
  }

  #assertUnchanged(index: number): void {
    const { identity, size } = this.#files[index]!;
    if (size === 0) return;
    const now = this.#attempt(index, () => fstatSync(this.#handle(index), { bigint: true }));
    if (now.dev !== identity.dev || now.ino !== identity.ino || now.size !== identity.size || now.mtimeNs !== identity.mtimeNs) throw this.#changed(index);
  }

  #attempt<T>(index: number, action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new PublishError('PUBLISH_BAD_SOURCE', `cannot read ${shownBytes(this.#files[index]!.path)}: ${(error as Error).message}`, { cause: error });
    }
  }

  #changed(index: number): PublishError {
    return new PublishError('PUBLISH_SOURCE_CHANGED', `${shownBytes(this.#files[index]!.path)} changed while it was read: publish the tree when nobody writes to it`);
  }
}

import type { DataFile } from './data-file.ts';
import { leafNodes, overflowPages, PAGE_HEADER_BYTES } from './page-format.ts';
import type { Damage, Survey } from './page-survey.ts';

/** Leaf pages held at a time: also the most that are read between two turns of the event loop. */
const PAGES_AT_A_TIME = 64;

/** An entry of the tree, with bytes of its own. Whether they are what was written, a checksum of the reader's must tell. */
export interface RawEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Every entry of the main tree that can still be reached, in the order of its keys where nothing is
 * damaged. Long values whose pages are damaged are left out.
 */
export function intactEntries(file: DataFile, found: Survey, signal?: AbortSignal): AsyncGenerator<RawEntry, void, undefined> {
  return entriesOf(file, found.leaves, found.damage, signal);
}

/** Every entry of these leaf pages, which are sound, but for values in pages that are not. */
export async function* entriesOf(file: DataFile, leaves: readonly number[], damage: readonly Damage[], signal?: AbortSignal): AsyncGenerator<RawEntry, void, undefined> {
  const { pageBytes } = file.meta;
  const damaged = new Set(damage.map(({ page }) => page));
  for (let first = 0; first < leaves.length; first += PAGES_AT_A_TIME) {
    signal?.throwIfAborted();
    const numbers = leaves.slice(first, first + PAGES_AT_A_TIME);
    const pages = await Promise.all(numbers.map((number) => readPages(file, number, pageBytes)));
    for (const page of pages) {
      if (page === undefined) continue;
      for (const { key, value } of leafNodes(page)) {
        if (value instanceof Uint8Array) {
          yield { key, value };
          continue;
        }
        const pages = overflowPages(value.bytes, pageBytes);
        if (damaged.has(value.page) || pages > value.pages || value.page + pages > file.pageCount) continue;
        const run = await readPages(file, value.page, pages * pageBytes);
        if (run !== undefined) yield { key, value: run.subarray(PAGE_HEADER_BYTES, PAGE_HEADER_BYTES + value.bytes) };
      }
    }
  }
}

async function readPages(file: DataFile, page: number, bytes: number): Promise<Uint8Array | undefined> {
  const into = new Uint8Array(bytes);
  return (await file.read(page, into)) ? into : undefined;
}

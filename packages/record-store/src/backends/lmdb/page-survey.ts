import type { DataFile } from './data-file.ts';
import { entriesOf } from './intact-entries.ts';
import { childrenOf, freedPages, leafNodes, overflowPages, pageKind, pagesOfOverflow, transactionOf, type OverflowReference, type TreeHead } from './page-format.ts';

const CHUNK_BYTES = 1024 * 1024;
/** What a page is, in one byte per page; 0: the file ends before it. */
const BAD = 1;
const BRANCH = 2;
const LEAF = 3;
const OVERFLOW = 4;
const CODES = { bad: BAD, branch: BRANCH, leaf: LEAF, overflow: OVERFLOW } as const;

/** Something about a file that LMDB must not be let near. */
export interface Damage {
  readonly page: number;
  readonly what: string;
}

/** What a walk over the trees of a file found. */
export interface Survey {
  readonly damage: readonly Damage[];
  /** Leaf pages of the main tree that are sound and reached, in the order of their keys. */
  readonly leaves: readonly number[];
  /**
   * Of a damaged file: leaf pages that are sound, that nothing refers to and that are not known to be
   * free, the newest first. Records of a lost inner page are in them, but may be outdated ones too.
   */
  readonly orphans: readonly number[];
  /** Pages that are used, by the main tree or the list of free pages. */
  readonly used: number;
  readonly pages: number;
}

/**
 * Looks at every page of the file once, from its first to its last, then follows the trees from their
 * roots by what it has noted. Whatever passes can be mapped by LMDB without harm. Of entries only the order within a page is
 * checked: their own checksums do the rest. Takes a byte per page of memory, and some for inner pages.
 */
export async function survey(file: DataFile, signal?: AbortSignal): Promise<Survey> {
  const notes = await takeNotes(file, signal);
  const walk = new Walk(notes, file);
  walk.tree(file.meta.free, false);
  walk.tree(file.meta.main, true);
  const damage = [...walk.damage];
  if (file.exaggerates) damage.push({ page: 0, what: `it says that it has ${file.meta.lastPage + 1} pages, or ${file.meta.mapBytes} bytes, which it cannot have` });
  const free = await freeOnes(file, walk, damage, signal);
  const orphans = damage.length === 0 ? [] : [...notes.transactions.keys()].filter((page) => !walk.uses(page) && free[page] !== 1);
  orphans.sort((one, other) => notes.transactions.get(other)! - notes.transactions.get(one)!);
  return { damage, leaves: walk.leaves, orphans, used: walk.used, pages: file.lastPage + 1 };
}

/** Pages that are listed as free, a byte for each. One that is used all the same, or listed twice, is damage: a later write would overwrite it. */
async function freeOnes(file: DataFile, walk: Walk, damage: Damage[], signal: AbortSignal | undefined): Promise<Uint8Array> {
  const { lastPage } = file;
  const free = new Uint8Array(lastPage + 1);
  for await (const { value } of entriesOf(file, walk.freeLeaves, damage, signal)) {
    for (const [page, pages] of freedPages(value)) {
      for (let at = page; at < page + pages; at++) {
        if (at < 2 || at > lastPage || walk.uses(at) || free[at] === 1) {
          if (damage.length === 0) damage.push({ page: at, what: 'a page that is used, listed already, or none, is listed as free' });
          break;
        }
        free[at] = 1;
      }
    }
  }
  return free;
}

interface Notes {
  readonly kinds: Uint8Array;
  readonly children: Map<number, number[]>;
  /** Where values lie that leaf pages refer to. */
  readonly references: Map<number, OverflowReference[]>;
  /** Entries of a leaf page. */
  readonly entries: Uint16Array;
  /** Leaf pages whose keys do not ascend as bytes do. */
  readonly disordered: Set<number>;
  /** Of leaf pages: which transaction wrote them. */
  readonly transactions: Map<number, number>;
  /** Pages of a long value, by its first. */
  readonly runs: Map<number, number>;
}

async function takeNotes(file: DataFile, signal: AbortSignal | undefined): Promise<Notes> {
  const { lastPage } = file;
  const { pageBytes } = file.meta;
  const end = Math.min(lastPage + 1, file.pageCount);
  const notes: Notes = { kinds: new Uint8Array(end), children: new Map(), references: new Map(), entries: new Uint16Array(end), disordered: new Set(), transactions: new Map(), runs: new Map() };
  const buffer = new Uint8Array(Math.max(CHUNK_BYTES, pageBytes));
  const perChunk = buffer.length / pageBytes;
  for (let first = 2; first < end; first += perChunk) {
    signal?.throwIfAborted();
    const count = Math.min(perChunk, end - first);
    if (!(await file.read(first, buffer.subarray(0, count * pageBytes)))) break;
    for (let at = 0; at < count; at++) note(file, notes, first + at, buffer.subarray(at * pageBytes, (at + 1) * pageBytes));
  }
  return notes;
}

function note(file: DataFile, notes: Notes, number: number, page: Uint8Array): void {
  const transaction = transactionOf(page);
  // What is newer than the file says was never finished. If it is used all the same it must be refused: LMDB takes
  // a page of the running transaction, or of a later one, for memory of its own and writes to the read-only map.
  const kind = transaction > file.meta.transaction ? 'bad' : pageKind(page, number);
  notes.kinds[number] = CODES[kind];
  if (kind === 'branch') notes.children.set(number, childrenOf(page));
  else if (kind === 'overflow') notes.runs.set(number, pagesOfOverflow(page));
  else if (kind === 'leaf') {
    let entries = 0;
    let before: Uint8Array | undefined;
    for (const { key, value } of leafNodes(page)) {
      entries += 1;
      if (before !== undefined && Buffer.compare(before, key) >= 0) notes.disordered.add(number);
      before = key;
      if (value instanceof Uint8Array) continue;
      const known = notes.references.get(number);
      if (known === undefined) notes.references.set(number, [value]);
      else known.push(value);
    }
    notes.entries[number] = entries;
    notes.transactions.set(number, Number(transaction));
  }
}

class Walk {
  readonly damage: Damage[] = [];
  readonly leaves: number[] = [];
  /** Leaf pages of the list of free pages. */
  readonly freeLeaves: number[] = [];
  used = 2;
  readonly #notes: Notes;
  readonly #pageBytes: number;
  readonly #visited: Uint8Array;

  constructor(notes: Notes, file: DataFile) {
    this.#notes = notes;
    this.#pageBytes = file.meta.pageBytes;
    this.#visited = new Uint8Array(notes.kinds.length);
  }

  uses(page: number): boolean {
    return this.#visited[page] === 1;
  }

  tree(head: TreeHead, isMain: boolean): void {
    if (head.root === undefined) return;
    const before = this.damage.length;
    const entries = this.#visit(head.root, head.depth, isMain);
    if (this.damage.length === before && entries !== head.entries) {
      this.damage.push({ page: head.root, what: `the tree has ${entries} entries where it says ${head.entries}` });
    }
  }

  /** Entries below this page. Depth is at most 65 535 by format, and what is deeper than its tree says is damage. */
  #visit(page: number, levels: number, isMain: boolean): number {
    const expected = levels === 1 ? LEAF : BRANCH;
    if (levels < 1 || levels > 32 || this.#take(page, expected) !== undefined) {
      if (levels < 1 || levels > 32) this.damage.push({ page, what: 'the tree is deeper than any can be' });
      return 0;
    }
    if (expected === LEAF) return this.#leaf(page, isMain);
    let entries = 0;
    for (const child of this.#notes.children.get(page) ?? []) entries += this.#visit(child, levels - 1, isMain);
    return entries;
  }

  #leaf(page: number, isMain: boolean): number {
    const before = this.damage.length;
    for (const reference of this.#notes.references.get(page) ?? []) this.#run(reference);
    // What looks for a key, or goes through them, would miss others; those of the list of free pages are numbers.
    if (isMain && this.#notes.disordered.has(page)) this.damage.push({ page, what: 'its keys are out of order' });
    // Also when damaged: its other entries are sound.
    (isMain ? this.leaves : this.freeLeaves).push(page);
    return this.damage.length === before ? this.#notes.entries[page]! : 0;
  }

  #run({ page, pages, bytes }: OverflowReference): void {
    // More than it needs: LMDB puts a shorter value where a longer one was.
    if (pages < overflowPages(bytes, this.#pageBytes) || pages >= this.#visited.length) {
      this.damage.push({ page, what: `a value of ${bytes} bytes cannot lie in ${pages} pages` });
      return;
    }
    if (this.#take(page, OVERFLOW) !== undefined) return;
    if (this.#notes.runs.get(page) !== pages) this.damage.push({ page, what: 'a long value has another length than what refers to it says' });
    for (let at = 1; at < pages; at++) {
      if (page + at >= this.#visited.length || this.#visited[page + at] === 1) {
        this.damage.push({ page: page + at, what: 'a long value ends beyond the file, or in pages of others' });
        return;
      }
      this.#visited[page + at] = 1;
      this.used += 1;
    }
  }

  /** Counts a page as used; undefined when it is what it should be. */
  #take(page: number, expected: number): Damage | undefined {
    let what: string | undefined;
    if (page < 2 || page >= this.#notes.kinds.length) what = 'the page is beyond the end of the file';
    else if (this.#visited[page] === 1) what = 'the page is used twice';
    else if (this.#notes.kinds[page] !== expected) what = 'the page is damaged';
    if (what === undefined) {
      this.#visited[page] = 1;
      this.used += 1;
      return undefined;
    }
    const damage = { page, what };
    this.damage.push(damage);
    return damage;
  }
}

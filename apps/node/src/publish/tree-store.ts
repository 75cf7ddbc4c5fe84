import type { TreeTotals } from './core/tree.ts';

/** A complete tree in the cache. It stays while it is held; dispose of it to let it go. */
export interface HeldTree extends AsyncDisposable {
  readonly path: string;
  /** What it has in truth, whatever a pointer says; undefined where that is not known. */
  readonly entries: number | undefined;
  readonly contentBytes: number;
  /** Which cache had it: `local` is that of this machine. */
  readonly tier: string;
}

/** Where fetched trees are kept: what this program needs of a cache of directories. */
export interface TreeStore extends AsyncDisposable {
  /** @param where `here` is this machine alone. Default: `anywhere` */
  get(key: string, signal: AbortSignal, where?: 'anywhere' | 'here'): Promise<HeldTree | undefined>;
  /** Has `build` fill an empty directory, unless somebody else does that already, and keeps the result. When it fails nothing is kept. `build` makes sure that the totals are true. */
  getOrBuild(key: string, build: (directory: string) => Promise<void>, about: { description: string; totals: TreeTotals }, signal: AbortSignal): Promise<HeldTree>;
  /** Copies a tree to a place of the user's that does not exist, where it may be changed. */
  copyTo(tree: HeldTree, target: string, signal: AbortSignal): Promise<void>;
}

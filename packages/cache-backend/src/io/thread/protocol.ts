import type { PruneOptions, PruneReport } from '../../types.ts';
import type { CacheEntry } from '../../types.ts';
import type { Pointer } from '../../pointer.ts';
import type { Fault } from '../faults.ts';
import type { GetOutcome, StoreHit, StoreSettings } from '../store/store.ts';
import type { CopyOptions, CopyTask } from '../tree/tree-copy.ts';

/** What a directory can do, found out when it is opened. */
export interface Abilities {
  readonly canReflink: boolean;
  readonly xattrs: boolean;
  readonly sync: 'each' | 'filesystem';
  readonly isRoot: boolean;
}

export interface OpenReport {
  readonly abilities: Abilities;
  readonly owner: string;
  /** Dead owners whose leftovers were reclaimed, and the leftovers. */
  readonly owners: number;
  readonly leftovers: number;
}

/** Described, finished and, where it was to be, on disk. */
export interface TreeSummary {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly sharedBytes: number;
  readonly files: number;
  readonly hasOutsideLinks: boolean;
}

/** A thread's part of a copy: its lines joined, what it counted. */
export interface CopyPart {
  readonly lines: string;
  readonly followers: [group: string, path: string][];
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  readonly sharedBytes: number;
  readonly files: number;
}

/** Everything that threads do: arguments and result. */
export interface Operations {
  open: [args: { root: string; settings: StoreSettings; sync: 'auto' | 'each'; fileSystemType: number | undefined }, result: OpenReport];
  get: [args: { hash: string; checks: boolean }, result: GetOutcome];
  release: [args: { tree: string }, result: undefined];
  newContainer: [args: { hash: string }, result: string];
  newBuild: [args: Record<string, never>, result: string];
  place: [args: { hash: string; container: string; tree: string }, result: boolean];
  point: [args: { hash: string; pointer: Pointer; ifAbsent: boolean; isNewTree: boolean }, result: StoreHit | undefined];
  leave: [args: { hash: string; tree: string }, result: undefined];
  discardContainer: [args: { container: string }, result: undefined];
  invalidate: [args: { hash: string }, result: boolean];
  pin: [args: { hash: string; key: string }, result: boolean];
  unpin: [args: { hash: string }, result: boolean];
  list: [args: { from: number; to: number }, result: CacheEntry[]];
  prune: [args: { options: PruneOptions }, result: PruneReport];
  setAside: [args: { hash: string; tree: string; problem: string }, result: undefined];
  sweep: [args: Record<string, never>, result: { reclaimed: number; dropped: number; damaged: number }];
  lockBuild: [args: { hash: string }, result: number | undefined];
  unlockBuild: [args: { lock: number }, result: undefined];
  settle: [args: Record<string, never>, result: undefined];
  close: [args: Record<string, never>, result: undefined];
  copy: [args: { job: number; options: CopyOptions; tasks: CopyTask[] }, /** Nodes done in this call. */ result: number];
  recheck: [args: { job: number }, result: undefined];
  collect: [args: { job: number }, result: CopyPart];
  finish: [args: { job: number; parts: CopyPart[]; target: string | undefined; container: string | undefined }, result: TreeSummary];
  moveIn: [args: { source: string; container: string }, result: boolean];
  syncFileSystem: [args: { directory: string }, result: undefined];
  sync: [args: { container: string; mode: 'each' | 'filesystem' }, result: undefined];
  fill: [args: { job: number }, result: undefined];
  drop: [args: { job: number }, result: undefined];
  verify: [args: { container: string; tree: string; mode: 'metadata' | 'sampled' | 'full'; xattrs: boolean }, result: string | undefined];
  remove: [args: { path: string }, result: undefined];
  emptyTrash: [args: { root: string }, result: number];
}

export type OperationName = keyof Operations;

export interface Request {
  readonly id: number;
  readonly name: OperationName;
  readonly args: unknown;
}

/** What a thread says: an answer, or that it has work to share or news. */
export type Message =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly share: { readonly job: number; readonly tasks: CopyTask[] } }
  | { readonly trash: true }
  | { readonly background: Failure };

/** An error on its way between threads. */
export interface Failure {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly path: string | undefined;
  readonly cause: unknown;
}

export interface ThreadData {
  readonly fault: Fault | undefined;
}

import type { RecordStoreOptions } from '../options.ts';
import type { RecordStore } from '../record-store.ts';
import type { StoreCapabilities } from '../types.ts';

/** Parts of the interface that a store may lack altogether; their cases are left out then. */
export type ConformanceFeature =
  | 'values'
  | 'providers'
  /** `provided` and the local quota. */
  | 'local'
  /** Caps and per-origin quotas. */
  | 'limits'
  /** Validators and ranks. */
  | 'validators'
  | 'scans'
  | 'sweep'
  | 'schedule'
  | 'events'
  | 'stats';

/** How the suite reaches a store and the test runner. */
export interface ConformanceHarness {
  /** Registers one test: vitest's `test`, `node:test`'s, mocha's `it`, … */
  test(name: string, run: () => Promise<void>): void;
  /** A new, empty store with these options. The suite closes it. */
  open(options: RecordStoreOptions): Promise<RecordStore>;
  /** What the stores declare; cases are chosen by it, and a store that says otherwise fails. */
  capabilities: StoreCapabilities;
  /** For stores that keep anything: opens what `closed` held until it was closed. */
  reopen?(closed: RecordStore, options: RecordStoreOptions): Promise<RecordStore>;
  /** For shared stores: a second store over what `first`, which is open, holds. */
  openSecond?(first: RecordStore, options: RecordStoreOptions): Promise<RecordStore>;
  /** For stores that keep rows which may be spoiled from outside: makes that of this record, or of this provider of the key, unreadable while `store` is open. */
  damage?(store: RecordStore, key: Uint8Array, provider?: Uint8Array): Promise<void>;
  /** What the store lacks. Default: nothing. */
  without?: readonly ConformanceFeature[];
  /**
   * For durable stores, on Node: a module that a child process imports and that exports
   * `open(directory: string): Promise<RecordStore>`. The suite writes, kills the child with SIGKILL at
   * random points, opens again and looks for every record that was acknowledged.
   */
  crash?: CrashHarness;
  /** Seed of the random cases; printed with every failure. Default 1. */
  seed?: number;
  /** Random histories that are compared with the reference. Default 30. */
  fuzzRuns?: number;
}

/** The kill -9 part. */
export interface CrashHarness {
  /** See `ConformanceHarness.crash`. */
  module: URL | string;
  /** How often the child is killed. Default 5. */
  kills?: number;
  /** Makes a place for one run and says how to dispose of it. */
  directory(): Promise<{ path: string; remove(): Promise<void> }>;
}

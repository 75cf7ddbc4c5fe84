import type { StoreStats } from '@p2p/record-store';

/** Which engine keeps the records. */
export type RecordsEngine = 'lmdb' | 'redis' | 'memory';

/** What `dave store stats` shows. */
export interface StoreReport {
  engine: RecordsEngine;
  /** What an acknowledged dat survives. */
  durable: 'no' | 'process-crash' | 'power-loss';
  /** File or server. */
  place: string;
  /** Size of the file. */
  fileBytes: number | null;
  records: number;
  recordBytes: number;
  /** What the running node holds in memory; null of a stopped one. */
  memory: { dats: number; usedSpace: number; capacity: number } | null;
  counters: Pick<StoreStats, 'puts' | 'rejected' | 'gets' | 'swept'> | null;
}

/** What `dave store verify` found. */
export interface VerifyReport {
  sound: boolean;
  records: number;
  /** Rows whose checksum is wrong, and records that are no dats, or whose work or signature is wrong. */
  damagedRows: number;
  invalidDats: number;
  /** Whether work and signatures were checked too. */
  deep: boolean;
  /** Pages that are damaged. */
  damage: readonly string[];
  /** Whether it said that it held more or less than it does; it was counted anew. */
  miscounted: boolean;
  /** Where a damaged file was set aside, with `--salvage`. */
  keptAt: string | null;
}

/** What `dave store compact` did. */
export interface CompactReport {
  bytesBefore: number;
  bytesAfter: number;
}

/** What became of the dats of a backup. */
export interface RestoreReport {
  records: number;
  imported: number;
  duplicates: number;
  older: number;
  expired: number;
  refused: number;
  invalid: number;
  damaged: number;
  damagedBytes: number;
  notDurable: number;
}

/** How far a long task is; `of` where that is known. */
export interface TaskProgress {
  done: number;
  of: number | null;
}

export interface TaskOptions {
  onProgress(progress: TaskProgress): void;
  signal: AbortSignal;
}

/** What can be done with what a node has stored, running or stopped. */
export interface StoreTasks extends AsyncDisposable {
  stats(signal: AbortSignal): Promise<StoreReport>;
  verify(options: TaskOptions & { deep: boolean; salvage: boolean }): Promise<VerifyReport>;
  compact(options: TaskOptions): Promise<CompactReport>;
  /** All dats as a backup of the Go implementation. Before it ends it says how many records are damaged, and so left out. */
  backup(options: TaskOptions & { onLeftOut(records: number): void }): AsyncIterable<Uint8Array>;
  /** Reads such a backup; every dat is verified, the newer one of a key stays. */
  restore(stream: AsyncIterable<Uint8Array>, options: TaskOptions): Promise<RestoreReport>;
}

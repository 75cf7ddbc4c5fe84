import type { Dat } from '@p2p/dave-wire';

/** What became of one of many dats. */
export interface BulkWritten {
  /** Replicas that have it, the node that writes counted where it is one of them. */
  acks: number;
  /** Replicas that it was meant for, that node likewise. */
  replicas: number;
}

export type BulkRead = { found: true; dat: Dat } | { found: false; /** Peers that were asked, and that answered. */ asked: number; answered: number };

/** A stream of dats of one author to their replicas. The caller bounds how many are underway. */
export interface BulkWriter extends AsyncDisposable {
  /** Resolves when every replica has confirmed the dat or is given up. */
  write(dat: Dat): Promise<BulkWritten>;
}

/** A stream of questions for dats of one author. The caller bounds how many are underway. */
export interface BulkReader extends AsyncDisposable {
  read(key: string): Promise<BulkRead>;
}

/** Somebody who carries many dats for a command: a running daemon, or a node that lives for the command. */
export interface BulkClient {
  openWriter(publicKey: Uint8Array, options: { signal: AbortSignal }): BulkWriter;
  openReader(publicKey: Uint8Array, options: { timeoutMs: number; signal: AbortSignal }): BulkReader;
}

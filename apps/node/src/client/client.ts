import type { Dat } from '@p2p/dave-wire';
import type { ShownTrace } from '../trace/shown-trace.ts';

/** What became of a dat, as the daemon or a node of our own reports it. Ids are 16 hex digits. */
export interface Placed {
  acks: number;
  replicas: { id: string; outcome: string }[];
}

export type Found = ({ found: true; dat: Dat; replicas: string[]; source: string } | { found: false; asked: number; answered: number }) & {
  /** Where it was asked for. */
  trace?: ShownTrace;
};

export interface WriteOptions {
  minAcks: number;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface ReadOptions {
  mode: 'first' | 'latest';
  timeoutMs: number;
  signal: AbortSignal;
  /** Also what the read did. Rejects with APP_NOT_TRACED in a build without tracing. */
  trace?: boolean;
}

/** Somebody who reads and writes dats for a command: a running daemon, or a node that lives for the command. */
export interface Client extends AsyncDisposable {
  put(dat: Dat, options: WriteOptions): Promise<Placed>;
  get(publicKey: Uint8Array, key: string, options: ReadOptions): Promise<Found>;
}

/** A failure that whoever did the work reported: its code is the one of the failing part. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: string;
  /** More about it, for `--json`. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }
}

import type { Dat, Verdict } from '@p2p/dave-wire';

/** Checks work and signature of dats, off the event loop where it can. */
export interface Verifier {
  /** The dat's bytes are taken before the call returns. Never rejects for a bad dat, only when closed. */
  verify(dat: Dat): Promise<Verdict>;
  /** Dats handed in and not answered yet. Callers apply back-pressure on it. */
  readonly pending: number;
  close(): Promise<void>;
}

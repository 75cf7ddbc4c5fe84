import { availableParallelism } from 'node:os';
import type { Clock } from '../env.ts';
import type { Verifier } from '../verifier.ts';
import { InlineVerifier } from './inline-verifier.ts';
import { VerifyPool } from './verify-pool.ts';

export interface OpenVerifierOptions {
  /** 0 verifies on the event loop. Default: as many as the machine has, at most 2. */
  threads?: number | undefined;
  clock: Clock;
  /** Leading zero bits demanded. */
  minWork: number;
  /** How far a dat's time may be ahead of the clock. */
  skewMs: number;
  /** Told when a thread was given up; verification goes on without it. */
  onError?: (error: Error) => void;
}

/** The verifier of a node on a real machine. */
export function openVerifier(options: OpenVerifierOptions): Verifier {
  const { clock, minWork, skewMs, onError } = options;
  const rules = { now: () => clock.now(), minWork, skewMs };
  const threads = options.threads ?? Math.min(2, availableParallelism());
  if (threads === 0) return new InlineVerifier(rules);
  return new VerifyPool({ ...rules, threads, ...(onError === undefined ? {} : { onError }) });
}

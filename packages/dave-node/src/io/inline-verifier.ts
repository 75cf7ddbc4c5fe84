import { copyDat, verifyDatSync, type Dat, type Verdict } from '@p2p/dave-wire';
import { NodeError } from '../errors.ts';
import type { Verifier } from '../verifier.ts';

/** What a dat is held against. */
export interface VerifyRules {
  /** Wall clock, Unix ms. */
  readonly now: () => number;
  /** Leading zero bits demanded. */
  readonly minWork: number;
  /** How far a dat's time may be ahead. */
  readonly skewMs: number;
}

export interface InlineVerifierOptions extends VerifyRules {
  /**
   * How long one turn of the loop may verify before it lets others run. Default 4 ms, which at
   * 55 µs to 1.2 ms a dat keeps every turn short. `Infinity` verifies inside the call: the outcome of a
   * simulation then does not depend on how fast the machine is.
   */
  readonly sliceMs?: number;
}

interface Job {
  readonly dat: Dat;
  readonly resolve: (verdict: Verdict) => void;
  readonly reject: (error: unknown) => void;
}

/** Verifies on the event loop, in slices: for simulations, and where threads are not to be had. */
export class InlineVerifier implements Verifier {
  readonly #rules: VerifyRules;
  readonly #sliceMs: number;
  #jobs: Job[] = [];
  #next = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: InlineVerifierOptions) {
    this.#rules = options;
    this.#sliceMs = options.sliceMs ?? 4;
  }

  get pending(): number {
    return this.#jobs.length - this.#next;
  }

  verify(dat: Dat): Promise<Verdict> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#sliceMs === Number.POSITIVE_INFINITY) return verifyNow(dat, this.#rules);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ dat: copyDat(dat), resolve, reject });
      this.#scheduled ??= setImmediate(() => this.#slice());
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    clearImmediate(this.#scheduled);
    for (const job of this.#jobs.slice(this.#next)) job.reject(closedError());
    this.#jobs = [];
    this.#next = 0;
    return Promise.resolve();
  }

  #slice(): void {
    const untilMs = performance.now() + this.#sliceMs;
    do {
      const job = this.#jobs[this.#next++]!;
      verifyNow(job.dat, this.#rules).then(job.resolve, job.reject);
    } while (this.pending > 0 && performance.now() < untilMs);
    if (this.pending > 0) {
      this.#scheduled = setImmediate(() => this.#slice());
      return;
    }
    this.#scheduled = undefined;
    this.#jobs = [];
    this.#next = 0;
  }
}

/** Verifies on the calling thread. Rejects with NodeError NODE_VERIFIER_FAILED when the backend itself fails. */
export function verifyNow(dat: Dat, rules: VerifyRules): Promise<Verdict> {
  try {
    return Promise.resolve(verifyDatSync(dat, { now: rules.now(), minWork: rules.minWork, skewMs: rules.skewMs }));
  } catch (cause) {
    return Promise.reject(new NodeError('NODE_VERIFIER_FAILED', 'The signature backend failed; the dat was not judged.', { cause }));
  }
}

/** For what waits when a verifier is closed, and what comes later. */
export function closedError(): NodeError {
  return new NodeError('NODE_CLOSED', 'The verifier is closed.');
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The constants of the success, rtt and freshness components and of back-off. */
export interface ScoringModel {
  /** Past outcomes count half after this long. Default 7 days. */
  evidenceHalfLifeMs: number;
  /** Outcomes beyond this many push older ones out, so that a long record cannot hide a fresh collapse. Default 64. */
  evidenceCap: number;
  /** Imagined outcomes of a peer that nobody has tried: the Beta prior. Defaults 0.5 and 1.5, as one of four dials to hearsay works. */
  priorSuccesses: number;
  priorFailures: number;
  /** Default 24 hours. */
  freshnessHalfLifeMs: number;
  /** The round trip that scores 0.5, as an unknown one does. Default 500 ms. */
  rttMidpointMs: number;
  /** The first failure keeps a peer back this long, each further one twice as long. Default 4 hours. */
  backoffBaseMs: number;
  /** Default 7 days. */
  backoffMaxMs: number;
  /** Observed capabilities and proofs of reachability count this long. Default 7 days. */
  observationTtlMs: number;
}

/** Chosen on the tuning seeds of the simulation, which the published figures do not use. */
export const DEFAULT_MODEL: Readonly<ScoringModel> = Object.freeze({
  evidenceHalfLifeMs: 7 * DAY,
  evidenceCap: 64,
  priorSuccesses: 0.5,
  priorFailures: 1.5,
  freshnessHalfLifeMs: DAY,
  rttMidpointMs: 500,
  backoffBaseMs: 4 * HOUR,
  backoffMaxMs: 7 * DAY,
  observationTtlMs: 7 * DAY,
});

/** A success proves a peer for this long; proven peers are not evicted. */
export const PROVEN_MS: number = 30 * DAY;

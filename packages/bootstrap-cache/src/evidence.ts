import type { Columns } from './columns.ts';
import type { ScoringModel } from './scoring-model.ts';

/** Weight of the newest round trip in the average (RFC 6298 uses the same). */
const RTT_GAIN = 1 / 8;

/** Half-life decay over `ageMs`; time that runs backwards decays nothing. */
export function halfLifeDecay(ageMs: number, halfLifeMs: number): number {
  return ageMs <= 0 ? 1 : 2 ** (-ageMs / halfLifeMs);
}

/** Half-lives that evidence fades by at one time, however long the cache lay unused or the clock was wrong. */
const MAX_HALF_LIVES = 4;

/** What is left of evidence from `evidenceAt`. */
export function evidenceDecay(evidenceAt: number, now: number, model: ScoringModel): number {
  return halfLifeDecay(Math.min(now - evidenceAt, MAX_HALF_LIVES * model.evidenceHalfLifeMs), model.evidenceHalfLifeMs);
}

/** Brings a peer's evidence forward to `now`. */
export function fadeEvidence(c: Columns, slot: number, now: number, model: ScoringModel): void {
  const decay = evidenceDecay(c.evidenceAt[slot]!, now, model);
  c.evidenceAt[slot] = now;
  if (decay === 1) return;
  c.goodEvidence[slot]! *= decay;
  c.badEvidence[slot]! *= decay;
  c.goodDelta[slot]! *= decay;
  c.badDelta[slot]! *= decay;
}

/** The longest run of failures that still lowers the odds further. */
const MAX_RUN = 6;

/**
 * Factor on the posterior mean for a peer whose last dials failed: the mean says how often it was
 * there over weeks, a run of failures that it is not there now. Halves with each; a success ends it.
 */
export function runFactor(consecutive: number): number {
  return 2 ** -Math.min(consecutive, MAX_RUN);
}

/** Scales evidence to the cap, so that every new outcome weighs at least one part in `evidenceCap`. */
export function capEvidence(c: Columns, slot: number, model: ScoringModel): void {
  const total = c.goodEvidence[slot]! + c.badEvidence[slot]!;
  if (total <= model.evidenceCap) return;
  const scale = model.evidenceCap / total;
  c.goodEvidence[slot]! *= scale;
  c.badEvidence[slot]! *= scale;
}

export function recordSuccess(c: Columns, slot: number, now: number, model: ScoringModel): void {
  fadeEvidence(c, slot, now, model);
  c.goodEvidence[slot]! += 1;
  c.goodDelta[slot]! += 1;
  capEvidence(c, slot, model);
  increment(c.successes, slot);
  increment(c.successDelta, slot);
  c.consecutive[slot] = 0;
  c.retryAt[slot] = 0;
  c.lastAttemptAt[slot] = c.lastSuccessAt[slot] = c.lastSeenAt[slot] = now;
}

export function recordFailure(c: Columns, slot: number, now: number, model: ScoringModel): void {
  fadeEvidence(c, slot, now, model);
  c.badEvidence[slot]! += 1;
  c.badDelta[slot]! += 1;
  capEvidence(c, slot, model);
  increment(c.failures, slot);
  increment(c.failureDelta, slot);
  if (c.consecutive[slot]! < 0xffff) c.consecutive[slot]! += 1;
  c.lastAttemptAt[slot] = now;
  c.retryAt[slot] = now + backoffMs(c.consecutive[slot]!, model);
}

/** Counters stop at their largest value instead of starting again at 0. */
function increment(column: Uint32Array, slot: number): void {
  if (column[slot]! < 0xffff_ffff) column[slot]! += 1;
}

/** How long a peer rests after this many failures in a row; 0 after none. */
export function backoffMs(consecutive: number, model: ScoringModel): number {
  return consecutive === 0 ? 0 : Math.min(model.backoffMaxMs, model.backoffBaseMs * 2 ** Math.min(consecutive - 1, 60));
}

/** A time further ahead than any back-off is the mark of a clock that was set back, and counts for nothing. */
export function isBackingOff(retryAt: number, now: number, backoffMaxMs: number): boolean {
  return retryAt > now && retryAt - now <= backoffMaxMs;
}

/**
 * Averages a round trip in. `rttKeep` and `rttAdd` describe the same step for a base that another
 * process may have changed meanwhile: new = base * keep + add.
 */
export function recordRtt(c: Columns, slot: number, rttMs: number): void {
  const known = c.rttMs[slot]!;
  if (Number.isNaN(known)) {
    c.rttMs[slot] = c.minRttMs[slot] = c.maxRttMs[slot] = rttMs;
    c.rttKeep[slot] = 0;
    c.rttAdd[slot] = rttMs;
    return;
  }
  c.rttMs[slot] = known + (rttMs - known) * RTT_GAIN;
  c.rttKeep[slot]! *= 1 - RTT_GAIN;
  c.rttAdd[slot] = c.rttAdd[slot]! * (1 - RTT_GAIN) + rttMs * RTT_GAIN;
  if (rttMs < c.minRttMs[slot]!) c.minRttMs[slot] = rttMs;
  if (rttMs > c.maxRttMs[slot]!) c.maxRttMs[slot] = rttMs;
}

import type { DatRefusal, Verdict } from '@p2p/dave-wire';

const REASONS: readonly DatRefusal[] = ['malformed', 'future', 'work-too-low', 'work-mismatch', 'signature'];
const VERDICTS: readonly Verdict[] = [{ valid: true }, ...REASONS.map((reason): Verdict => ({ valid: false, reason }))];
for (const verdict of VERDICTS) Object.freeze(verdict);

/** The byte that stands for a verdict between threads; never 0. */
export function verdictCode(verdict: Verdict): number {
  return verdict.valid ? 1 : 2 + REASONS.indexOf(verdict.reason);
}

/** Undefined for a byte that stands for none. */
export function verdictOf(code: number): Verdict | undefined {
  return VERDICTS[code - 1];
}

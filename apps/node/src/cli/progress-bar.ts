import { formatByteSize } from '../config/byte-size.ts';
import type { Output } from './output.ts';

const REFRESH_MS = 100;
const CELLS = 24;
/** A rate is told once it has been measured for this long. */
const RATE_AFTER_MS = 500;

/** What one line of progress says. `total` is undefined until it is known. */
export interface Progress {
  readonly label: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly unit: 'bytes' | 'blocks' | 'entries';
}

/** A bar with amounts, rate and what is left of the time. */
export function describeProgress({ label, done, total, unit }: Progress, elapsedMs: number): string {
  const amount = (count: number): string => (unit === 'bytes' ? formatByteSize(count) : `${Math.round(count)}`);
  const word = unit === 'bytes' ? '' : ` ${unit}`;
  if (total === undefined || total === 0) return `${label}: ${amount(done)}${word}`;
  const share = Math.min(1, done / total);
  const filled = Math.round(share * CELLS);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(CELLS - filled)}`;
  const rate = done / (elapsedMs / 1000);
  const pace = elapsedMs < RATE_AFTER_MS || done === 0 ? '' : `, ${amount(rate)}${word}/s, ${formatSeconds((total - done) / rate)} left`;
  return `${label} [${bar}] ${Math.floor(share * 100)} %  ${amount(done)} of ${amount(total)}${word}${pace}`;
}

function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Shows progress on a terminal, ten times a second at most. An empty line in the end is the caller's. */
export function progressBar(output: Output): (progress: Progress) => void {
  let label: string | undefined;
  let startedMs = 0;
  let shownMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const nowMs = performance.now();
    if (progress.label !== label) {
      label = progress.label;
      startedMs = nowMs;
      shownMs = Number.NEGATIVE_INFINITY;
    }
    if (nowMs - shownMs < REFRESH_MS) return;
    shownMs = nowMs;
    output.progress(describeProgress(progress, nowMs - startedMs));
  };
}

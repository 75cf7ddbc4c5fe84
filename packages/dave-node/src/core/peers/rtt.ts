/** Smoothed round trip and its mean deviation. */
export interface RoundTrip {
  srttMs: number | undefined;
  rttvarMs: number | undefined;
}

/** Takes a measurement into account as RFC 6298, section 2, does. */
export function sampleRoundTrip(trip: RoundTrip, rttMs: number): void {
  const { srttMs, rttvarMs } = trip;
  if (srttMs === undefined || rttvarMs === undefined) {
    trip.srttMs = rttMs;
    trip.rttvarMs = rttMs / 2;
    return;
  }
  trip.rttvarMs = 0.75 * rttvarMs + 0.25 * Math.abs(srttMs - rttMs);
  trip.srttMs = 0.875 * srttMs + 0.125 * rttMs;
}

/** How long an answer may take before its absence means something. */
export function answerWithinMs(trip: Readonly<RoundTrip>, unknownMs: number): number {
  return trip.srttMs === undefined || trip.rttvarMs === undefined ? unknownMs : trip.srttMs + 4 * trip.rttvarMs;
}

import { expect, test } from 'vitest';
import { answerWithinMs, type RoundTrip, sampleRoundTrip } from '../../../src/core/peers/rtt.ts';

test('RFC 6298: first sample R gives SRTT = R and RTTVAR = R/2, later ones are smoothed by 1/8 and 1/4', () => {
  const trip: RoundTrip = { srttMs: undefined, rttvarMs: undefined };
  expect(answerWithinMs(trip, 250)).toBe(250);
  sampleRoundTrip(trip, 100);
  expect(trip).toEqual({ srttMs: 100, rttvarMs: 50 });
  // RTTVAR uses the SRTT of before: 3/4 × 50 + 1/4 × |100 − 180|, then 7/8 × 100 + 1/8 × 180.
  sampleRoundTrip(trip, 180);
  expect(trip).toEqual({ srttMs: 110, rttvarMs: 57.5 });
  expect(answerWithinMs(trip, 250)).toBe(340);
});

import type { Columns } from './columns.ts';
import { overlay } from './packed-capabilities.ts';

/** Notes what a connection showed, each field with its own time. */
export function observe(c: Columns, slot: number, packed: number, now: number): void {
  c.observed[slot] = overlay(c.observed[slot]!, packed);
  if ((packed & 3) !== 0) c.relaySeenAt[slot] = now;
  if ((packed & 12) !== 0) c.coordinationSeenAt[slot] = now;
  if ((packed & 48) !== 0) c.dualStackSeenAt[slot] = now;
  if ((packed & 448) !== 0) c.natSeenAt[slot] = now;
}

/** What was observed and has not expired. A time in the future counts as now. */
export function freshObservations(c: Columns, slot: number, now: number, ttlMs: number): number {
  const observed = c.observed[slot]!;
  if (observed === 0) return 0;
  const oldest = now - ttlMs;
  let mask = 0;
  if (c.relaySeenAt[slot]! >= oldest) mask |= 3;
  if (c.coordinationSeenAt[slot]! >= oldest) mask |= 12;
  if (c.dualStackSeenAt[slot]! >= oldest) mask |= 48;
  if (c.natSeenAt[slot]! >= oldest) mask |= 448;
  return observed & mask;
}

/** What holds now: fresh observations over claims. */
export function effectiveCapabilities(c: Columns, slot: number, now: number, ttlMs: number): number {
  return overlay(c.claimed[slot]!, freshObservations(c, slot, now, ttlMs));
}

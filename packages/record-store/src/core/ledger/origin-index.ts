import type { LedgerEntry } from './entries.ts';

interface OriginEntries {
  readonly entries: Set<LedgerEntry>;
  /** No entry expires before. */
  earliest: number;
}

/** Which entries count for which origin, to find its expired ones when its quota is used up. */
export class OriginIndex {
  readonly #origins = new Map<string, OriginEntries>();

  add(entry: LedgerEntry): void {
    if (entry.origin === undefined) return;
    let origin = this.#origins.get(entry.origin);
    if (origin === undefined) this.#origins.set(entry.origin, (origin = { entries: new Set(), earliest: Number.POSITIVE_INFINITY }));
    origin.entries.add(entry);
    if (entry.expires < origin.earliest) origin.earliest = entry.expires;
  }

  remove(entry: LedgerEntry): void {
    if (entry.origin === undefined) return;
    const origin = this.#origins.get(entry.origin);
    origin?.entries.delete(entry);
    if (origin?.entries.size === 0) this.#origins.delete(entry.origin);
  }

  /** An entry's expiry moved forward. */
  expiryChanged(entry: LedgerEntry): void {
    const origin = entry.origin === undefined ? undefined : this.#origins.get(entry.origin);
    if (origin !== undefined && entry.expires < origin.earliest) origin.earliest = entry.expires;
  }

  /** The origin's expired entries. Looks at its entries only when one of them can be expired, so that refusing a flood stays cheap. */
  expired(name: string, now: number): LedgerEntry[] {
    const origin = this.#origins.get(name);
    if (origin === undefined || origin.earliest > now) return [];
    const expired: LedgerEntry[] = [];
    origin.earliest = Number.POSITIVE_INFINITY;
    for (const entry of origin.entries) {
      if (entry.expires <= now) expired.push(entry);
      else if (entry.expires < origin.earliest) origin.earliest = entry.expires;
    }
    return expired;
  }
}

import type { Owner } from './stored.ts';

/** What a class of entries takes up; expired ones count until they are gone. */
export interface PoolUsage {
  records: number;
  bytes: number;
  providedKeys: number;
  providers: number;
}

/** What an origin takes up. */
export interface OriginUsage {
  records: number;
  bytes: number;
  providers: number;
}

export const NO_ORIGIN_USAGE: OriginUsage = Object.freeze({ records: 0, bytes: 0, providers: 0 });

export function emptyPool(): PoolUsage {
  return { records: 0, bytes: 0, providedKeys: 0, providers: 0 };
}

/** The one book of what is stored, for engines that keep it in memory. */
export class Usage {
  readonly local: PoolUsage = emptyPool();
  readonly remote: PoolUsage = emptyPool();
  readonly #origins = new Map<string, OriginUsage>();

  get origins(): number {
    return this.#origins.size;
  }

  pool(owner: Owner): PoolUsage {
    return owner.local ? this.local : this.remote;
  }

  origin(origin: string | undefined): OriginUsage {
    return (origin === undefined ? undefined : this.#origins.get(origin)) ?? NO_ORIGIN_USAGE;
  }

  /** `sign` 1 for an entry that came, -1 for one that went. */
  count(kind: 'value' | 'provider', owner: Owner, bytes: number, sign: 1 | -1): void {
    const pool = this.pool(owner);
    pool.bytes += sign * bytes;
    if (kind === 'value') pool.records += sign;
    else pool.providers += sign;
    if (owner.origin === undefined) return;
    let origin = this.#origins.get(owner.origin);
    if (origin === undefined) this.#origins.set(owner.origin, (origin = { records: 0, bytes: 0, providers: 0 }));
    origin.bytes += sign * bytes;
    if (kind === 'value') origin.records += sign;
    else origin.providers += sign;
    if (origin.records === 0 && origin.providers === 0) this.#origins.delete(owner.origin);
  }
}

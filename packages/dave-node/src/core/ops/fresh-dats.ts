import type { Dat } from '@p2p/dave-wire';
import { shortName } from './dat-bytes.ts';

/** An author's key, in memory of its own. */
export interface DatName {
  readonly publicKey: Uint8Array;
  readonly key: string;
}

type Fresh = DatName & { readonly atMs: number };

/** Half of what is remembered. */
const GENERATION = 8192;

/**
 * Dats that came in lately and whose other replicas have not been looked at. Bounded by two
 * generations, of which the older is forgotten as a whole: evicting the oldest one by one from a full
 * `Map` cost 4 µs per dat, as much as all else that is done for it on this thread.
 */
export class FreshDats {
  #older = new Map<bigint, Fresh>();
  #newer = new Map<bigint, Fresh>();

  get size(): number {
    return this.#older.size + this.#newer.size;
  }

  /** Returns how many others had to be forgotten. */
  note(dat: Pick<Dat, 'publicKey' | 'key' | 'signature'>, nowMs: number): number {
    this.#newer.set(shortName(dat), { publicKey: dat.publicKey.slice(), key: dat.key, atMs: nowMs });
    if (this.#newer.size < GENERATION) return 0;
    const forgotten = this.#older.size;
    this.#older = this.#newer;
    this.#newer = new Map();
    return forgotten;
  }

  /** Takes up to `limit` that were noted at `untilMs` or before, oldest first. */
  take(limit: number, untilMs: number): DatName[] {
    const taken: DatName[] = [];
    for (const generation of [this.#older, this.#newer]) {
      for (const [name, fresh] of generation) {
        if (taken.length >= limit || fresh.atMs > untilMs) return taken;
        generation.delete(name);
        taken.push(fresh);
      }
    }
    return taken;
  }
}

import type { Dat } from '@p2p/dave-wire';

/** An author's key, in memory of its own. */
export interface DatName {
  readonly publicKey: Uint8Array;
  readonly key: string;
}

const MOST_FRESH = 16_384;

/** Dats that came in lately and whose other replicas have not been looked at. Bounded: the oldest are forgotten first. */
export class FreshDats {
  readonly #noted = new Map<string, DatName & { readonly atMs: number }>();

  get size(): number {
    return this.#noted.size;
  }

  /** False when another one had to be forgotten. */
  note(dat: Pick<Dat, 'publicKey' | 'key'>, nowMs: number): boolean {
    const name = String.fromCharCode(...dat.publicKey) + dat.key;
    this.#noted.delete(name);
    this.#noted.set(name, { publicKey: dat.publicKey.slice(), key: dat.key, atMs: nowMs });
    if (this.#noted.size <= MOST_FRESH) return true;
    this.#noted.delete(this.#noted.keys().next().value!);
    return false;
  }

  /** Takes up to `limit` that were noted at `untilMs` or before, oldest first. */
  take(limit: number, untilMs: number): DatName[] {
    const taken: DatName[] = [];
    for (const [name, fresh] of this.#noted) {
      if (taken.length >= limit || fresh.atMs > untilMs) break;
      this.#noted.delete(name);
      taken.push(fresh);
    }
    return taken;
  }
}

import type { MemberTraits } from './member-traits.ts';

/**
 * How many of the providers of a key come from where one of them comes from. Twenty or so: measured, comparing each with each takes
 * less than a map. One object serves all keys, one after the other.
 */
export class Crowds {
  /** By provider; 0 for those without. */
  #origins = new Int32Array(32);
  /** The only one that each claims; of no use where one claims several. */
  #networks = new Int32Array(32);
  #traits: readonly MemberTraits[] = [];
  #claims: ReadonlyMap<number, number> | undefined;

  /** Looks at the providers that are asked about from now on. */
  of(traits: readonly MemberTraits[]): void {
    const { length } = traits;
    if (this.#origins.length < length) {
      this.#origins = new Int32Array(2 * length);
      this.#networks = new Int32Array(2 * length);
    }
    this.#traits = traits;
    this.#claims = undefined;
    for (let at = 0; at < length; at++) {
      const { originHash, networkHashes } = traits[at]!;
      this.#origins[at] = originHash ?? 0;
      this.#networks[at] = networkHashes[0] ?? 0;
      if (networkHashes.length > 1) this.#claims ??= claimsIn(traits);
    }
  }

  /** How many come from the origin of the provider at `at`. */
  fromOrigin(at: number): number {
    return likes(this.#origins, this.#traits.length, at);
  }

  /** How many claim that network of the provider at `at` that most claim. */
  inNetwork(at: number): number {
    if (this.#claims === undefined) return likes(this.#networks, this.#traits.length, at);
    let most = 0;
    for (const hash of this.#traits[at]!.networkHashes) most = Math.max(most, this.#claims.get(hash)!);
    return most;
  }
}

function likes(hashes: Int32Array, count: number, at: number): number {
  const hash = hashes[at]!;
  if (hash === 0) return 0;
  let found = 0;
  for (let other = 0; other < count; other++) if (hashes[other] === hash) found += 1;
  return found;
}

function claimsIn(traits: readonly MemberTraits[]): Map<number, number> {
  const claims = new Map<number, number>();
  for (const { networkHashes } of traits) for (const hash of networkHashes) claims.set(hash, (claims.get(hash) ?? 0) + 1);
  return claims;
}

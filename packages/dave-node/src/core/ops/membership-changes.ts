import { distance, FANOUT } from '@p2p/dave-wire';
import type { Replica } from './replicas.ts';

/** Peers that left and are remembered until the store has been walked once. */
const MOST_REMEMBERED = 4096;

/**
 * Which peers have come and gone since the store was last walked, and therefore which replicas of an
 * entry are new. This is all that replication remembers: no list per entry, no snapshot.
 */
export class MembershipChanges {
  readonly #present = new Set<bigint>();
  /** Peer id to the walk during which the change was noted. */
  readonly #arrived = new Map<bigint, number>();
  readonly #left = new Map<bigint, number>();
  #walk = 0;

  /** Whether any entry may have a new replica. */
  get any(): boolean {
    return this.#arrived.size > 0 || this.#left.size > 0;
  }

  /** A peer became active. What it held before counts for nothing: it may come back empty. True when that is news. */
  arrived(id: bigint): boolean {
    if (this.#present.has(id)) return false;
    this.#present.add(id);
    this.#left.delete(id);
    this.#arrived.set(id, this.#walk);
    return true;
  }

  /** A peer is active no more. True when it was. */
  left(id: bigint): boolean {
    if (!this.#present.delete(id)) return false;
    this.#arrived.delete(id);
    if (this.#left.size >= MOST_REMEMBERED) this.#left.delete(this.#left.keys().next().value!);
    this.#left.set(id, this.#walk);
    return true;
  }

  /** A peer could not be brought up to date: the next walk looks after it again. */
  recheck(id: bigint): void {
    if (this.#present.has(id)) this.#arrived.set(id, this.#walk);
  }

  beginWalk(): void {
    this.#walk += 1;
  }

  /** All entries have been met: changes from before the walk are dealt with. */
  endWalk(): void {
    for (const changes of [this.#arrived, this.#left]) {
      for (const [id, walk] of changes) if (walk < this.#walk) changes.delete(id);
    }
  }

  /** Of the replicas of `target`, closest first and ourselves included, the peers that were none at the last walk. */
  newAmong(target: bigint, replicas: readonly Replica[]): Replica[] {
    const fresh: Replica[] = [];
    let formerPlace = 0;
    for (const replica of replicas) {
      if (this.#arrived.has(replica.id)) {
        fresh.push(replica);
        continue;
      }
      // Its former place: after those that stayed and are closer, and those closer that are gone.
      if (replica.peer !== undefined && formerPlace + this.#goneCloserThan(replica.id, target) >= FANOUT) fresh.push(replica);
      formerPlace += 1;
    }
    return fresh;
  }

  #goneCloserThan(id: bigint, target: bigint): number {
    const own = distance(id, target);
    let closer = 0;
    for (const gone of this.#left.keys()) if (distance(gone, target) < own) closer += 1;
    return closer;
  }
}

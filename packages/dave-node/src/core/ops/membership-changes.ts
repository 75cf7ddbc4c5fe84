import { FANOUT } from '@p2p/dave-wire';
import type { Replica } from './replicas.ts';

/** A peer that became active after the last walk had begun, or could not be brought up to date. */
interface Arrival {
  /** The walk before or during which that happened. */
  readonly walk: number;
  /** It was there at the last walk too, and took a place among the replicas. */
  readonly returned: boolean;
}

/** Peers that left and are remembered until the store has been walked once. */
const MOST_REMEMBERED = 4096;

/**
 * Which peers have come and gone since the store was last walked, and therefore which replicas of an
 * entry are new. This is all that replication remembers: no list per entry, no snapshot.
 */
export class MembershipChanges {
  readonly #present = new Set<bigint>();
  readonly #arrived = new Map<bigint, Arrival>();
  /** Peers of the last walk that are gone, and the walk before or during which they went. */
  readonly #left = new Map<bigint, number>();
  /** Their ids as pairs of 32 bits; undefined when they have changed. */
  #goneHalves: Uint32Array | undefined;
  #walk = 0;

  /** Whether any entry may have a new replica. */
  get any(): boolean {
    return this.#arrived.size > 0 || this.#left.size > 0;
  }

  /** A peer became active. What it held before counts for nothing: it may come back empty. True when that is news. */
  arrived(id: bigint): boolean {
    if (this.#present.has(id)) return false;
    this.#present.add(id);
    this.#arrived.set(id, { walk: this.#walk, returned: this.#forgetGone(id) });
    return true;
  }

  /** A peer is active no more. True when it was. */
  left(id: bigint): boolean {
    if (!this.#present.delete(id)) return false;
    const arrival = this.#arrived.get(id);
    this.#arrived.delete(id);
    // A newcomer that went again has never been a replica.
    if (arrival?.returned === false) return true;
    if (this.#left.size >= MOST_REMEMBERED) this.#left.delete(this.#left.keys().next().value!);
    this.#left.set(id, this.#walk);
    this.#goneHalves = undefined;
    return true;
  }

  /** A peer could not be brought up to date: the next walk looks after it again. */
  recheck(id: bigint): void {
    if (this.#present.has(id)) this.#arrived.set(id, { walk: this.#walk, returned: true });
  }

  beginWalk(): void {
    this.#walk += 1;
  }

  /** All entries have been met: changes from before the walk are dealt with. */
  endWalk(): void {
    for (const [id, { walk }] of this.#arrived) if (walk < this.#walk) this.#arrived.delete(id);
    for (const [id, walk] of this.#left) if (walk < this.#walk) this.#forgetGone(id);
  }

  /** Of the replicas of `target`, closest first and ourselves included, the peers that were none at the last walk. */
  newAmong(target: bigint, replicas: readonly Replica[]): Replica[] {
    const fresh: Replica[] = [];
    let formerPlace = 0;
    for (const replica of replicas) {
      const arrival = this.#arrived.get(replica.id);
      if (arrival !== undefined) {
        fresh.push(replica);
        if (arrival.returned) formerPlace += 1;
        continue;
      }
      // Its former place: after those that stayed and are closer, and those closer that are gone.
      if (replica.peer !== undefined && this.#manyGoneCloserThan(replica.id, target, FANOUT - formerPlace)) fresh.push(replica);
      formerPlace += 1;
    }
    return fresh;
  }

  #forgetGone(id: bigint): boolean {
    this.#goneHalves = undefined;
    return this.#left.delete(id);
  }

  /** Whether at least `many` of those that are gone were closer. Asked for every entry: in numbers, since bigints take ten times as long. */
  #manyGoneCloserThan(id: bigint, target: bigint, many: number): boolean {
    const gone = (this.#goneHalves ??= halvesOf(this.#left.keys(), this.#left.size));
    const targetHigh = Number(target >> 32n);
    const targetLow = Number(target & 0xffff_ffffn);
    const ownHigh = (Number(id >> 32n) ^ targetHigh) >>> 0;
    const ownLow = (Number(id & 0xffff_ffffn) ^ targetLow) >>> 0;
    let closer = 0;
    for (let at = 0; at < gone.length && closer < many; at += 2) {
      const high = (gone[at]! ^ targetHigh) >>> 0;
      if (high < ownHigh || (high === ownHigh && (gone[at + 1]! ^ targetLow) >>> 0 < ownLow)) closer += 1;
    }
    return closer >= many;
  }
}

function halvesOf(ids: Iterable<bigint>, count: number): Uint32Array {
  const halves = new Uint32Array(2 * count);
  let at = 0;
  for (const id of ids) {
    halves[at++] = Number(id >> 32n);
    halves[at++] = Number(id & 0xffff_ffffn);
  }
  return halves;
}

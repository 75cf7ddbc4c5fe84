import { clearRow, type Columns, copyColumns, copyRow, createColumns } from './columns.ts';
import type { AddressScope } from './types.ts';

/** One address of a peer. */
export interface PeerAddress {
  readonly text: string;
  /** Unix ms of the last outbound dial that it answered, 0 for never. */
  verifiedAt: number;
  /** What that dial showed. */
  scope: AddressScope | undefined;
  /** Learned by this process since its last save. */
  isNew: boolean;
}

/** Bits of the `dirty` column. */
export const DIRTY = 1;
/** The local address list replaces the saved one. */
export const ADDRESSES_REPLACED = 2;
/** The local source and seed flag replace the saved ones. */
export const ORIGIN_REPLACED = 4;

const INITIAL_CAPACITY = 256;

/** All peers in dense slots: removal moves the last peer into the hole, so slots are valid only between changes. */
export class PeerTable {
  columns: Columns = createColumns(INITIAL_CAPACITY);
  readonly ids: string[] = [];
  readonly addresses: PeerAddress[][] = [];
  readonly failureReasons: (string | undefined)[] = [];
  readonly #slots = new Map<string, number>();
  #capacity = INITIAL_CAPACITY;
  /** Rows below this have held a peer. */
  #usedBefore = 0;

  get size(): number {
    return this.ids.length;
  }

  slotOf(id: string): number | undefined {
    return this.#slots.get(id);
  }

  /** Adds a cleared row for an id that is not present. */
  insert(id: string, addresses: PeerAddress[]): number {
    const slot = this.ids.length;
    if (slot === this.#capacity) this.#grow(2 * slot);
    this.ids.push(id);
    this.addresses.push(addresses);
    this.failureReasons.push(undefined);
    this.#slots.set(id, slot);
    clearRow(this.columns, slot, slot < this.#usedBefore);
    if (slot === this.#usedBefore) this.#usedBefore += 1;
    return slot;
  }

  remove(slot: number): void {
    const last = this.ids.length - 1;
    this.#slots.delete(this.ids[slot]!);
    if (slot !== last) {
      copyRow(this.columns, last, slot);
      this.ids[slot] = this.ids[last]!;
      this.addresses[slot] = this.addresses[last]!;
      this.failureReasons[slot] = this.failureReasons[last];
      this.#slots.set(this.ids[slot], slot);
    }
    this.ids.length = this.addresses.length = this.failureReasons.length = last;
  }

  /** Makes room for `peers` at once. */
  reserve(peers: number): void {
    if (peers > this.#capacity) this.#grow(peers);
  }

  #grow(capacity: number): void {
    this.#capacity = capacity;
    const grown = createColumns(capacity);
    copyColumns(this.columns, grown);
    this.columns = grown;
  }
}

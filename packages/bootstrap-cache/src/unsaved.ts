import type { CacheState } from './cache-state.ts';
import { halfLifeDecay } from './evidence.ts';
import { overlay } from './packed-capabilities.ts';
import type { PeerAddress } from './peer-table.ts';

/** What a row held back for its next save. */
interface Unsaved {
  readonly id: string;
  readonly successes: number;
  readonly failures: number;
  readonly good: number;
  readonly bad: number;
  readonly evidenceAt: number;
  readonly rttKeep: number;
  readonly rttAdd: number;
  readonly claimed: number;
  readonly dirty: number;
  readonly newAddresses: readonly PeerAddress[];
}

/** Changes that are on their way into a file; put back if it could not be written. */
export class UnsavedChanges {
  readonly #state: CacheState;
  readonly #taken: Unsaved[] = [];

  constructor(state: CacheState) {
    this.#state = state;
  }

  /** Takes a row's changes; the row then counts as saved. */
  take(slot: number): void {
    const { columns: c, ids, addresses } = this.#state.table;
    if (c.dirty[slot] === 0) return;
    const newAddresses = addresses[slot]!.filter((address) => address.isNew);
    this.#taken.push({
      id: ids[slot]!,
      successes: c.successDelta[slot]!,
      failures: c.failureDelta[slot]!,
      good: c.goodDelta[slot]!,
      bad: c.badDelta[slot]!,
      evidenceAt: c.evidenceAt[slot]!,
      rttKeep: c.rttKeep[slot]!,
      rttAdd: c.rttAdd[slot]!,
      claimed: c.claimedDelta[slot]!,
      dirty: c.dirty[slot]!,
      newAddresses,
    });
    c.successDelta[slot] = c.failureDelta[slot] = c.goodDelta[slot] = c.badDelta[slot] = c.claimedDelta[slot] = c.dirty[slot] = 0;
    c.rttKeep[slot] = 1;
    c.rttAdd[slot] = 0;
    for (const address of newAddresses) address.isNew = false;
  }

  /** Gives every change back to its row, on top of what happened there meanwhile. */
  putBack(): void {
    const { table, settings } = this.#state;
    const c = table.columns;
    for (const unsaved of this.#taken) {
      const slot = table.slotOf(unsaved.id);
      if (slot === undefined) continue;
      const decay = halfLifeDecay(c.evidenceAt[slot]! - unsaved.evidenceAt, settings.model.evidenceHalfLifeMs);
      c.successDelta[slot]! += unsaved.successes;
      c.failureDelta[slot]! += unsaved.failures;
      c.goodDelta[slot]! += unsaved.good * decay;
      c.badDelta[slot]! += unsaved.bad * decay;
      c.rttAdd[slot]! += unsaved.rttAdd * c.rttKeep[slot]!;
      c.rttKeep[slot]! *= unsaved.rttKeep;
      c.claimedDelta[slot] = overlay(unsaved.claimed, c.claimedDelta[slot]!);
      c.dirty[slot]! |= unsaved.dirty;
      for (const address of unsaved.newAddresses) address.isNew = true;
    }
    this.#state.isDirty = true;
  }
}

import type { RejectReason } from '../types.ts';
import { decideProvider, exhaustedBit, expiresAfter, fitValue, judgeValue, ownerAfter, type ProviderSituation, type Room, type Step } from './admission.ts';
import { equalBytes } from './bytes.ts';
import type { Owner, StoredProvider, StoredValue, ValueCandidate } from './stored.ts';

/** What became of a candidate. */
export type Admission = 'inserted' | 'updated' | 'refreshed' | RejectReason;

/** What is written in place of what was stored. */
export interface ValueChange {
  readonly outcome: 'inserted' | 'updated' | 'refreshed';
  readonly candidate: ValueCandidate;
  /** Who it counts for from now on. */
  readonly owner: Owner;
  readonly expires: number;
  /** As limits count it from now on. */
  readonly bytes: number;
}

/** The state of an engine inside one transaction. Every method is synchronous. */
export interface AdmissionState {
  /** The record of this key, expired or not. */
  storedValue(key: Uint8Array): StoredValue | undefined;
  /** Usage and caps for an entry that counts for `owner`. The object may be used again. */
  room(owner: Owner): Room;
  /** Writes the record and counts it, in place of `stored`. For `refreshed` with the stored owner value and publisher stay. */
  writeValue(change: ValueChange, stored: StoredValue | undefined): void;
  /** What this key has for a candidate provider. */
  situation(candidate: StoredProvider): ProviderSituation;
  /** The providers of this key in the candidate's class; asked after expired ones are gone. */
  incumbents(key: Uint8Array, local: boolean): readonly StoredProvider[];
  /** Writes the provider and counts it, in place of what is stored of it. */
  writeProvider(candidate: StoredProvider, stored: StoredProvider | undefined): void;
  /** Removes a provider that the full-key policy replaces. */
  dropProvider(provider: StoredProvider): void;
  /** Removes some expired entries of this step's scope for `owner` (and `key`). False when there are none. */
  reclaim(step: Step, owner: Owner, key: Uint8Array, now: number): boolean;
}

/** Index into `incumbents` of the one that goes, or -1 when the newcomer is refused. */
export type Chooser = (newcomer: StoredProvider, incumbents: readonly StoredProvider[]) => number;

/** Runs the whole of a put inside a transaction. */
export function admitValue(state: AdmissionState, candidate: ValueCandidate, now: number): Admission {
  let exhausted = 0;
  for (;;) {
    const stored = state.storedValue(candidate.key);
    const same = stored !== undefined && equalBytes(stored.value, candidate.value);
    const outcome = judgeValue(candidate, stored, same, now);
    if (outcome === 'expired' || outcome === 'stale' || outcome === 'conflict') return outcome;
    const owner = ownerAfter(outcome, candidate, stored);
    const bytes = owner === candidate ? candidate.bytes : stored!.bytes;
    const fit = fitValue(owner, bytes, stored, state.room(owner), exhausted);
    if (fit === 'fits') {
      // Others that bring what is this node's own do not send it for this node: it stays due.
      const written = owner !== candidate && owner.local ? { ...candidate, storedAt: stored!.storedAt } : candidate;
      state.writeValue({ outcome, candidate: written, owner, expires: expiresAfter(outcome, candidate, stored), bytes }, stored);
      return outcome;
    }
    const bit = exhaustedBit(fit);
    if (bit === 0) return fit as RejectReason;
    if (!state.reclaim(fit, owner, candidate.key, now)) exhausted |= bit;
  }
}

/** Runs the whole of an add inside a transaction. */
export function admitProvider(state: AdmissionState, candidate: StoredProvider, choose: Chooser, now: number): Admission {
  let exhausted = 0;
  for (;;) {
    const situation = state.situation(candidate);
    const step = decideProvider(candidate, situation, state.room(candidate), exhausted, now);
    if (step === 'inserted' || step === 'updated' || step === 'refreshed') {
      state.writeProvider(candidate, situation.stored);
      return step;
    }
    if (step === 'choose') {
      const incumbents = state.incumbents(candidate.key, candidate.local);
      const victim = incumbents[choose(candidate, incumbents)];
      if (victim === undefined) return 'key-full';
      state.dropProvider(victim);
      state.writeProvider(candidate, undefined);
      return 'inserted';
    }
    const bit = exhaustedBit(step);
    if (bit === 0) return step as RejectReason;
    if (!state.reclaim(step, candidate, candidate.key, now)) exhausted |= bit;
  }
}

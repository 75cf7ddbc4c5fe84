import type { NodeEmitter } from '../../events.ts';
import { type EdgeAddress, parseEdgeAddress } from './edge-address.ts';
import { equalBytes } from './equal-bytes.ts';
import type { Candidate } from './candidate.ts';
import type { HintOutcome, PeerHint, PeerHints } from './peer-hints.ts';
import type { PeerRecord } from './peer-record.ts';

/** A hint that is an address. */
export interface PickedHint {
  readonly at: EdgeAddress;
  readonly publicKey: Uint8Array | undefined;
}

/** The conversation with whoever remembers peers between runs. Its failures never reach discovery. */
export class HintReports {
  readonly #hints: PeerHints | undefined;
  readonly #emitter: NodeEmitter;

  constructor(hints: PeerHints | undefined, emitter: NodeEmitter) {
    this.#hints = hints;
    this.#emitter = emitter;
  }

  /** Up to `count` peers to try; those that are no addresses are left out. */
  pick(count: number): PickedHint[] {
    const picked: PickedHint[] = [];
    this.#guard((hints) => {
      for (const hint of hints.pick(count).slice(0, count)) {
        const at = parseHint(hint);
        if (at !== undefined) picked.push({ at, publicKey: hint.publicKey });
      }
    });
    return picked;
  }

  /** A candidate answered; if another key was expected there, that one was not found. */
  answered(candidate: Candidate, publicKey: Uint8Array): void {
    const { expectedKey, addressKey } = candidate;
    if (expectedKey !== undefined && !equalBytes(expectedKey, publicKey)) {
      this.#report({ address: addressKey, publicKey: expectedKey, ok: false });
    }
  }

  /** A candidate never answered. Only hints count: others were never good. */
  unanswered(candidate: Candidate): void {
    if (candidate.source !== 'hint') return;
    this.#report({ address: candidate.addressKey, publicKey: candidate.expectedKey, ok: false });
  }

  active(record: PeerRecord): void {
    this.#report({ address: record.addressKey, publicKey: record.publicKey, ok: true, rttMs: record.srttMs });
  }

  inactive(record: PeerRecord): void {
    this.#report({ address: record.addressKey, publicKey: record.publicKey, ok: false });
  }

  #report(outcome: HintOutcome): void {
    this.#guard((hints) => hints.outcome(outcome));
  }

  #guard(use: (hints: PeerHints) => void): void {
    if (this.#hints === undefined) return;
    try {
      use(this.#hints);
    } catch (error) {
      this.#emitter.emit('error', { error: error as Error });
    }
  }
}

function parseHint(hint: PeerHint): EdgeAddress | undefined {
  try {
    return parseEdgeAddress(hint.address);
  } catch {
    // Remembered by an older version or another network: not worth more than being skipped.
    return undefined;
  }
}

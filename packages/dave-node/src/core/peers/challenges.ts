import { equalBytes } from './equal-bytes.ts';

/** A challenge that was sent and not answered rightly yet. */
export interface Outstanding {
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  /** Monotonic ms of the PING. */
  readonly sentMs: number;
}

/** Two, so that an answer that takes longer than one ping interval still counts. */
const MAX_OUTSTANDING = 2;

/** The challenges that one address may answer. Only a right answer takes one away; a third PING replaces the oldest. */
export class Challenges {
  readonly #outstanding: Outstanding[] = [];
  /** Verifications of answers of this address that are running. */
  verifying = 0;

  get size(): number {
    return this.#outstanding.length;
  }

  add(challenge: Uint8Array, sentMs: number): void {
    if (this.#outstanding.length === MAX_OUTSTANDING) this.#outstanding.shift();
    this.#outstanding.push({ challenge, sentMs });
  }

  find(challenge: Uint8Array): Outstanding | undefined {
    for (const outstanding of this.#outstanding) if (equalBytes(outstanding.challenge, challenge)) return outstanding;
    return undefined;
  }

  /** Takes the challenge away. False when it is not outstanding any more. */
  consume(outstanding: Outstanding): boolean {
    const index = this.#outstanding.indexOf(outstanding);
    if (index < 0) return false;
    this.#outstanding.splice(index, 1);
    return true;
  }

  clear(): void {
    this.#outstanding.length = 0;
  }
}

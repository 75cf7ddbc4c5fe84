import type { Dat, Verdict } from '@p2p/dave-wire';
import { NodeError } from '../../src/errors.ts';
import type { Verifier } from '../../src/verifier.ts';

/** Takes for forged what has the value `forged`, for future and weak what has these; for valid all else. */
export class ValueVerifier implements Verifier {
  pending = 0;
  verified = 0;
  mostPending = 0;
  #closed = false;

  async verify(dat: Dat): Promise<Verdict> {
    if (this.#closed) throw new NodeError('NODE_CLOSED', 'the verifier is closed');
    const text = Buffer.from(dat.value).toString();
    this.pending++;
    this.verified++;
    this.mostPending = Math.max(this.mostPending, this.pending);
    await Promise.resolve();
    this.pending--;
    if (text === 'forged') return { valid: false, reason: 'signature' };
    if (text === 'future') return { valid: false, reason: 'future' };
    if (text === 'weak') return { valid: false, reason: 'work-too-low' };
    return { valid: true };
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

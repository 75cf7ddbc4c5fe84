import type { SignatureBackend } from '../signature/backend.ts';
import { nobleBackend } from '../signature/noble.ts';
import { nodeBackend } from './node-backend.ts';
import { sodiumBackend } from './sodium-backend.ts';

/** RFC 8032, section 7.1, TEST 3. */
const SEED: Uint8Array = Buffer.from('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', 'hex');
const MESSAGE: Uint8Array = Uint8Array.of(0xaf, 0x82);

/**
 * The fastest backend that works here: sodium, node:crypto, noble. Each signs and verifies once
 * before it is trusted (together under 1 ms), because a runtime may offer the names of `node:crypto`
 * without this algorithm.
 */
export function chooseBackend(): SignatureBackend {
  if (sodiumBackend !== undefined && works(sodiumBackend)) return sodiumBackend;
  return works(nodeBackend) ? nodeBackend : nobleBackend;
}

function works(backend: SignatureBackend): boolean {
  try {
    const signature = backend.sign(MESSAGE, SEED);
    return backend.verify(MESSAGE, signature, backend.publicKeyOf(SEED));
  } catch {
    // Whatever it is, the next backend gives the same verdicts.
    return false;
  }
}

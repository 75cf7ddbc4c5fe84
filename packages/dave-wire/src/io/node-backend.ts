import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { RecentMap } from '../recent-map.ts';
import type { SignatureBackend } from '../signature/backend.ts';
import { isStrict } from '../signature/strict.ts';

/** RFC 8410: everything before the 32 bytes of a key. */
const SPKI_PREFIX: Buffer = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX: Buffer = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Importing a key costs 7 µs, and a node hears from the same authors again and again. */
const publicKeys: RecentMap<string, KeyObject> = new RecentMap<string, KeyObject>(2048);
const privateKeys: WeakMap<Uint8Array, { seed: Uint8Array; key: KeyObject }> = new WeakMap<Uint8Array, { seed: Uint8Array; key: KeyObject }>();

/** node:crypto, hence OpenSSL: about 115 µs per verification; `verifyAsync` uses Node's thread pool. */
export const nodeBackend: SignatureBackend = {
  name: 'node',
  publicKeyOf(privateKey) {
    const spki = createPublicKey(privateKeyObject(privateKey)).export({ format: 'der', type: 'spki' });
    return Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
  },
  sign: (digest, privateKey) => Uint8Array.from(sign(null, digest, privateKeyObject(privateKey))),
  verify: (digest, signature, publicKey) => isStrict(signature, publicKey) && verify(null, digest, publicKeyObject(publicKey), signature),
  verifyAsync(digest, signature, publicKey) {
    if (!isStrict(signature, publicKey)) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      verify(null, digest, publicKeyObject(publicKey), signature, (error, valid) => {
        if (error === null) resolve(valid);
        else reject(error);
      });
    });
  },
};

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const bytes = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length);
  const name = bytes.toString('latin1');
  const known = publicKeys.get(name);
  if (known !== undefined) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
  publicKeys.set(name, key);
  return key;
}

function privateKeyObject(seed: Uint8Array): KeyObject {
  const known = privateKeys.get(seed);
  // The caller may have written another seed into the same array.
  if (known?.seed.every((byte, at) => byte === seed[at])) return known.key;
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  privateKeys.set(seed, { seed: Uint8Array.from(seed), key });
  return key;
}

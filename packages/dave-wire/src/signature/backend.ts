/**
 * An implementation of ed25519. All of them give the same verdict on every input (see
 * {@link SignatureBackend.verify}), so they differ in speed only. A backend of your own must pass
 * the same vectors: `test/vectors/signature-backends.test.ts` shows how ours are judged.
 */
export interface SignatureBackend {
  /** For logs and metrics, such as `'noble'`. */
  readonly name: string;
  /** 32-byte public key of a 32-byte seed. */
  publicKeyOf(privateKey: Uint8Array): Uint8Array;
  /** 64-byte signature (RFC 8032, deterministic) of `digest` under a 32-byte seed. Lengths are the caller's duty. */
  sign(digest: Uint8Array, privateKey: Uint8Array): Uint8Array;
  /**
   * True if and only if: the signature has 64 bytes and the key 32; S < L; the key and R are
   * canonical encodings and not of small order; the key is a point of the curve; and
   * encode([S]B − [k]A) = R, without multiplication by the cofactor. Never throws on bytes.
   */
  verify(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  /** The same verdict from another thread. The bytes are taken before the call returns. */
  verifyAsync?(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): Promise<boolean>;
}

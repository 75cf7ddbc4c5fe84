import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { xxHash64, xxHash64Words } from '../../src/hash.ts';

interface StoreKeyVector {
  readonly key: string;
  readonly publicKey: string;
  readonly xxhash64: string;
}

const vectors = JSON.parse(readFileSync(new URL('data/store-keys.json', import.meta.url), 'utf8')) as readonly StoreKeyVector[];

describe('xxHash64 of store-keys.json', () => {
  it.each(vectors)('$publicKey and $key give $xxhash64', ({ key, publicKey, xxhash64 }) => {
    const parts = [Uint8Array.from(Buffer.from(publicKey, 'hex')), new TextEncoder().encode(key)];
    expect(xxHash64(...parts)).toBe(BigInt(xxhash64));
    const words = new Uint32Array(2);
    xxHash64Words(words, ...parts);
    expect((BigInt(words[1]!) << 32n) | BigInt(words[0]!)).toBe(BigInt(xxhash64));
  });
});

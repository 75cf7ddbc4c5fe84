import { blake2b } from '@noble/hashes/blake2.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, test } from 'vitest';
import { bep44, decodeSignedSeq, encodeSignedSeq, immutable, MemoryRecordStore, publicKey, seqRank, signedSeq, type Validator } from '../../src/index.ts';
import { hex } from '../hex.ts';
import { HYPERDHT_ITEMS, HYPERDHT_KEY } from './hyperdht-items.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

async function put(validator: Validator, key: Uint8Array, value: Uint8Array): Promise<unknown> {
  const store = new MemoryRecordStore({ localId: utf8('me'), validators: { default: validator } });
  const result = await store.put({ key, value });
  return result.outcome === 'rejected' ? result.reason : result.outcome;
}

/** Every copy of the bytes with one bit of one byte changed. */
function* flipped(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    const copy = Uint8Array.from(bytes);
    copy[at]! ^= 1 << (at % 8);
    yield copy;
  }
}

describe('signedSeq', () => {
  test.each(HYPERDHT_ITEMS)('takes what hyperdht signs, seq $seq', async ({ seq, packet }) => {
    const item = decodeSignedSeq(packet)!;
    expect(item.seq).toBe(seq);
    expect(encodeSignedSeq(item)).toEqual(packet);
    expect(await signedSeq().validate({ key: HYPERDHT_KEY, value: packet }, 0)).toEqual({ valid: true, rank: seqRank(seq) });
  });

  test('refuses the same packet with any one bit changed, and under another key', async () => {
    const { packet } = HYPERDHT_ITEMS[0]!;
    for (const damaged of flipped(packet)) expect(await put(signedSeq(), HYPERDHT_KEY, damaged)).toBe('invalid');
    expect(await put(signedSeq(), sha256(HYPERDHT_KEY), packet)).toBe('invalid');
    expect(await put(signedSeq(), HYPERDHT_KEY, packet.subarray(0, -1))).toBe('invalid');
  });

  test('SEQ_TOO_LOW is stale; the newest wins', async () => {
    const store = new MemoryRecordStore({ localId: utf8('me'), validators: { default: signedSeq() } });
    const results: unknown[] = [];
    for (const at of [2, 1, 2, 4, 3]) results.push(await store.put({ key: HYPERDHT_KEY, value: HYPERDHT_ITEMS[at]!.packet }));
    const stale = { outcome: 'rejected', reason: 'stale' };
    expect(results).toEqual([{ outcome: 'inserted' }, stale, { outcome: 'refreshed' }, { outcome: 'updated' }, stale]);
  });

  test('a verifier that answers later is waited for', async () => {
    const { packet } = HYPERDHT_ITEMS[0]!;
    expect(await put(signedSeq({ verify: async () => true }), HYPERDHT_KEY, packet)).toBe('inserted');
    expect(await put(signedSeq({ verify: async () => false }), HYPERDHT_KEY, packet)).toBe('invalid');
  });
});

/** The test vectors of BEP 44. */
describe('bep44', () => {
  const k = text(hex('77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548'));
  const plain = text(hex('305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01'));
  const salted = text(hex('6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08'));
  const item = (parts: { salt?: string; seq?: string; sig: string; v?: string }): Uint8Array =>
    latin1(`d1:k32:${k}${parts.salt === undefined ? '' : `4:salt${parts.salt.length}:${parts.salt}`}3:seqi${parts.seq ?? '1'}e3:sig64:${parts.sig}1:v${parts.v ?? '12:Hello World!'}e`);
  const mutableTarget = hex('4a533d47ec9c7d95b1ad75f576cffc641853b750');
  const saltedTarget = hex('411eba73b6f087ca51a3795d9c8c938d365e32c1');

  test('test 1: mutable', async () => expect(await put(bep44(), mutableTarget, item({ sig: plain }))).toBe('inserted'));
  test('test 2: mutable with salt', async () => expect(await put(bep44(), saltedTarget, item({ salt: 'foobar', sig: salted }))).toBe('inserted'));
  test('test 3: immutable', async () => expect(await put(bep44(), hex('e5f96f6f38320f0f33959cb4d3d656452117aadb'), utf8('d1:v12:Hello World!e'))).toBe('inserted'));

  test('refuses every item with one bit changed', async () => {
    for (const damaged of flipped(item({ salt: 'foobar', sig: salted }))) expect(['invalid', 'too-large']).toContain(await put(bep44(), saltedTarget, damaged));
  });

  test('refuses what is not canonical, has more members, or another target', async () => {
    const wrong = [
      latin1('d1:v12:Hello World!e1:x'),
      latin1('d1:v12:Hello World!1:v1:xe'),
      latin1('d1:a1:x1:v12:Hello World!e'),
      latin1('d1:v012:Hello World!e'),
      latin1('1:v'),
      latin1(''),
      latin1('d1:vi-0ee'),
      latin1(`d1:v${'l'.repeat(200)}${'e'.repeat(200)}e`),
      item({ sig: plain, seq: '01' }),
      item({ sig: plain, seq: '-1' }),
      item({ sig: plain, seq: '9223372036854775808' }),
      item({ sig: salted }),
    ];
    for (const value of wrong) expect(await put(bep44(), mutableTarget, value)).toBe('invalid');
  });

  test('takes 1000 bytes and no more, of a dictionary as well, and a salt of 64 and no more', async () => {
    const { sha1 } = await import('@noble/hashes/legacy.js');
    const immutableOf = async (v: string): Promise<unknown> => put(bep44(), sha1(latin1(v)), latin1(`d1:v${v}e`));
    expect(await immutableOf(`996:${'x'.repeat(996)}`)).toBe('inserted');
    expect(await immutableOf(`997:${'x'.repeat(997)}`)).toBe('too-large');
    expect(await immutableOf(`d1:a990:${'x'.repeat(990)}e`)).toBe('inserted');
    expect(await immutableOf(`d1:a992:${'x'.repeat(992)}e`)).toBe('too-large');
    const salt = 's'.repeat(65);
    expect(await put(bep44({ verify: () => true }), sha1(latin1(k + salt)), item({ salt, sig: plain }))).toBe('too-large');
    expect(await put(bep44({ verify: () => true }), sha1(latin1(k + salt.slice(1))), item({ salt: salt.slice(1), sig: plain }))).toBe('inserted');
  });

  test('cas is ifVersion: 301 is a conflict, 302 is stale or a conflict, equal and same refreshes', async () => {
    const store = new MemoryRecordStore({ localId: utf8('me'), validators: { default: bep44({ verify: () => true }) } });
    const at = (seq: string, v?: string): { key: Uint8Array; value: Uint8Array } => ({ key: mutableTarget, value: item({ sig: plain, seq, ...(v === undefined ? {} : { v }) }) });
    const outcomes: unknown[] = [];
    for (const [record, ifVersion] of [[at('5')], [at('5')], [at('5', '1:x')], [at('4')], [at('6'), seqRank(4)], [at('6'), seqRank(5)]] as const) {
      const result = await store.put(record, { ifVersion });
      outcomes.push(result.outcome === 'rejected' ? result.reason : result.outcome);
    }
    expect(outcomes).toEqual(['inserted', 'refreshed', 'conflict', 'stale', 'conflict', 'updated']);
  });
});

describe('immutable', () => {
  test('takes a value under its hash alone', async () => {
    const value = utf8('content');
    expect(await put(immutable(), sha256(value), value)).toBe('inserted');
    expect(await put(immutable(), sha256(value), utf8('other'))).toBe('invalid');
    const blake = (bytes: Uint8Array): Uint8Array => blake2b(bytes, { dkLen: 32 });
    expect(await put(immutable({ hash: blake, prefix: '/h/' }), Uint8Array.of(...utf8('/h/'), ...blake(value)), value)).toBe('inserted');
    expect(await put(immutable({ prefix: '/h/' }), sha256(value), value)).toBe('invalid');
  });
});

/** The examples of the libp2p peer-ids specification: a public key and the id made from it. */
describe('publicKey', () => {
  const ed25519Key = hex('080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e');
  const key = (multihash: Uint8Array): Uint8Array => Uint8Array.of(...utf8('/pk/'), ...multihash);

  test('takes short keys under the identity multihash, all under SHA-256', async () => {
    expect(await put(publicKey(), key(Uint8Array.of(0, 36, ...ed25519Key)), ed25519Key)).toBe('inserted');
    expect(await put(publicKey(), key(Uint8Array.of(0x12, 0x20, ...sha256(ed25519Key))), ed25519Key)).toBe('inserted');
    const long = new Uint8Array(294).fill(3);
    expect(await put(publicKey(), key(Uint8Array.of(0x12, 0x20, ...sha256(long))), long)).toBe('inserted');
    expect(await put(publicKey(), key(Uint8Array.of(0, 43, ...long.subarray(0, 43))), long.subarray(0, 43))).toBe('invalid');
  });

  test('refuses other keys, other values and other namespaces', async () => {
    const multihash = Uint8Array.of(0x12, 0x20, ...sha256(ed25519Key));
    for (const damaged of flipped(multihash)) expect(await put(publicKey(), key(damaged), ed25519Key)).toBe('invalid');
    expect(await put(publicKey(), multihash, ed25519Key)).toBe('invalid');
    expect(await put(publicKey(), key(multihash), new Uint8Array(0))).toBe('invalid');
  });
});

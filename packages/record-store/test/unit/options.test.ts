import { describe, expect, test } from 'vitest';
import { acceptAny, MemoryRecordStore, seqRank, ttlByDistance, xorSha256, type RecordStoreOptions } from '../../src/index.ts';

const good: RecordStoreOptions = { localId: Uint8Array.of(1), validators: { default: acceptAny() } };

describe('options', () => {
  test.each<[string, object]>([
    ['no id', { localId: undefined }],
    ['an empty id', { localId: new Uint8Array(0) }],
    ['an id too long', { localId: new Uint8Array(257) }],
    ['no validators', { validators: undefined }],
    ['no default validator', { validators: { namespaces: {} } }],
    ['a namespace without validate', { validators: { default: acceptAny(), namespaces: { '/a/': {} } } }],
    ['a negative limit', { limits: { maxRecords: -1 } }],
    ['a fractional limit', { limits: { perOrigin: { maxBytes: 0.5 } } }],
    ['a limit that is no number', { limits: { local: { maxRecords: 'many' } } }],
    ['no replication', { replication: 0 }],
    ['no life', { maxTtlMs: 0 }],
    ['no interval', { republish: { provideMs: 0 } }],
    ['a log that is none', { traceLog: {} }],
    ['a clock without a time', { clock: { now: () => Number.NaN } }],
    ['no such policy', { policies: { fullKey: 'best' } }],
  ])('%s is a TypeError', (_name, wrong) => {
    expect(() => new MemoryRecordStore({ ...good, ...wrong })).toThrow(TypeError);
  });

  test('a rank that is too long is a TypeError of the put', async () => {
    const store = new MemoryRecordStore({ ...good, validators: { default: { validate: () => ({ valid: true, rank: new Uint8Array(65) }) } } });
    await expect(store.put({ key: Uint8Array.of(1), value: Uint8Array.of(1) })).rejects.toBeInstanceOf(TypeError);
  });
});

describe('ttlByDistance', () => {
  test('halves beyond the replicas, and any distance is safe', () => {
    expect([0, 20, 21, 22, 37].map((closer) => ttlByDistance(172_800_000, closer))).toEqual([172_800_000, 172_800_000, 86_400_000, 43_200_000, 1318]);
    expect([60, 1e6, Number.MAX_SAFE_INTEGER].map((closer) => ttlByDistance(172_800_000, closer))).toEqual([0, 0, 0]);
    expect(ttlByDistance(1000, 3, 2)).toBe(500);
  });
});

/** rust-libp2p's properties of its key space. */
describe('xorSha256', () => {
  const ids = Array.from({ length: 12 }, (_, at) => Uint8Array.of(at, 255 - at));

  test('identity, symmetry, triangle inequality, one id for each distance', () => {
    for (const a of ids) {
      expect(xorSha256(a, a)).toBe(0n);
      const distances = new Set(ids.map((b) => xorSha256(a, b)));
      expect(distances.size).toBe(ids.length);
      for (const b of ids) {
        expect(xorSha256(a, b)).toBe(xorSha256(b, a));
        for (const c of ids) expect(xorSha256(a, c) <= xorSha256(a, b) + xorSha256(b, c)).toBe(true);
      }
    }
  });
});

describe('seqRank', () => {
  test('orders as the numbers do, and refuses what has no place', () => {
    expect(seqRank(0x0102)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2));
    for (const wrong of [-1, 2n ** 64n]) expect(() => seqRank(wrong)).toThrow(TypeError);
  });
});

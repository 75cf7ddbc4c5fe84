import { expect, test } from 'vitest';
import { acceptAny, MemoryRecordStore } from '../../src/index.ts';
import type { ValueRecord } from '../../src/index.ts';

const validators = { default: acceptAny() };

test.each([
  ['put', (store: MemoryRecordStore, record: ValueRecord) => store.put(record, { copy: false })],
  ['putMany', (store: MemoryRecordStore, record: ValueRecord) => store.putMany([record], { copy: false })],
] as const)('%s without a copy keeps the bytes that it is given, as plain arrays', async (_, write) => {
  await using store = new MemoryRecordStore({ localId: Uint8Array.of(1), validators });
  const given = Buffer.alloc(2000, 7);
  const record = { key: given.subarray(0, 32), value: given.subarray(32, 1056), publisher: given.subarray(1056, 1088) };
  for (const value of [record.value, given.subarray(900, 1800)]) {
    await write(store, { ...record, value });
    const stored = (await store.get(record.key))!;
    expect([stored.key, stored.value, stored.publisher!].map((bytes) => [bytes.constructor, bytes.buffer === given.buffer])).toEqual(Array.from({ length: 3 }, () => [Uint8Array, true]));
    expect([stored.value.byteOffset, stored.value.length]).toEqual([value.byteOffset, value.length]);
  }
  await store.remove(record.key);
  expect((await store.stats()).remote).toMatchObject({ records: 0, bytes: 0 });
});

test('a validator that answers later sees the bytes that were given, and they are kept', async () => {
  const seen: Uint8Array[] = [];
  const slow = {
    validate: async ({ value }: ValueRecord) => {
      seen.push(value);
      return { valid: true } as const;
    },
  };
  await using store = new MemoryRecordStore({ localId: Uint8Array.of(1), validators: { default: slow } });
  const value = new Uint8Array(100);
  for (const key of [1, 2]) await store.put({ key: Uint8Array.of(key), value }, { copy: false });
  expect(seen.every((bytes) => bytes === value)).toBe(true);
  expect((await store.get(Uint8Array.of(2)))?.value).toBe(value);
});

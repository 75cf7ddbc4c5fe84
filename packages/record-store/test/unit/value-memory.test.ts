import { SeededRandom } from '@p2p/testkit';
import { describe, expect, test } from 'vitest';
import { toCaps } from '../../src/limits.ts';
import { bytesText, copyBytes } from '../../src/core/bytes.ts';
import { admitValue } from '../../src/core/admit.ts';
import { Ledger } from '../../src/core/ledger/ledger.ts';

const MIB = 1024 * 1024;

function ledger(): Ledger {
  return new Ledger({ caps: toCaps({ maxRecords: 'unlimited', maxTotalBytes: 'unlimited' }), keyText: bytesText, own: copyBytes, evicted: () => {} });
}

function put(into: Ledger, number: number, value: Uint8Array): void {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, number);
  admitValue(into, { key, value, publisher: undefined, rank: undefined, expires: 1e15, storedAt: 1, bytes: 4 + value.length, local: false, origin: undefined, ifVersion: undefined, given: false }, 1);
}

describe('the memory that values share', () => {
  test('stays within twice what is live and a bit, also when of every slab one value is left', () => {
    const store = ledger();
    for (let number = 0; number < 40_000; number++) put(store, number, new Uint8Array(1000).fill(number));
    expect(store.heldBytes).toBeLessThan(2 * 40_000 * 1000);
    for (const [number, entry] of [...store.values.values()].entries()) if (number % 64 !== 0) store.remove(entry);
    // Nothing moves by itself; the next writes do it.
    for (let number = 50_000; number < 50_200; number++) put(store, number, new Uint8Array(1000).fill(number));
    const live = store.values.size * 1000;
    expect(live).toBeLessThan(MIB);
    expect(store.heldBytes).toBeLessThan(2 * live + 2 * MIB);
    for (const entry of store.values.values()) {
      const number = new DataView(entry.key.buffer).getUint32(0);
      expect(entry.value).toEqual(new Uint8Array(1000).fill(number));
    }
  });

  test('is given back when nothing is stored, whatever was done before', () => {
    const random = new SeededRandom('value memory');
    const store = ledger();
    for (let step = 0; step < 5000; step++) {
      const number = random.integer(500);
      const held = [...store.values.values()][random.integer(Math.max(1, store.values.size))];
      if (random.chance(0.3) && held !== undefined) store.remove(held);
      else put(store, number, new Uint8Array(random.pick([0, 10, 64, 65, 1000, 4096, 4097, 20_000])).fill(step));
    }
    for (const entry of store.values.values()) store.remove(entry);
    expect(store.heldBytes).toBe(0);
    expect(store.usage.remote).toEqual({ records: 0, bytes: 0, providedKeys: 0, providers: 0 });
  });

  test('a view that was handed out never changes, though its value is replaced and moved', () => {
    const store = ledger();
    const views: Uint8Array[] = [];
    for (let round = 0; round < 300; round++) {
      put(store, 7, new Uint8Array(500).fill(round));
      for (let number = 100; number < 120; number++) put(store, number, new Uint8Array(3000).fill(round));
      views.push([...store.values.values()].find(({ key }) => key[3] === 7)!.value);
    }
    for (const [round, view] of views.entries()) expect(view.every((byte) => byte === (round & 0xff))).toBe(true);
  });
});

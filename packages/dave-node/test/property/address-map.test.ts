import type { AddrPort } from '@p2p/dave-wire';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressMap } from '../../src/core/peers/address-map.ts';

test('an address map is a map by address and port', () => {
  const step = fc.record({ add: fc.boolean(), host: fc.constantFrom('192.0.2.1', '192.0.2.2', '::1'), port: fc.integer({ min: 1, max: 4 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = new AddressMap<{ address: AddrPort }>();
      const model = new Map<string, { address: AddrPort }>();
      for (const { add, host, port } of steps) {
        const key = `${host} ${port}`;
        const item = { address: { address: host, port } };
        const held = model.get(key);
        if (add) {
          map.add(item);
          model.set(key, item);
        } else {
          // Another item at the same address is not the one that is held.
          expect(map.delete(item)).toBe(false);
          if (held !== undefined) expect(map.delete(held)).toBe(true);
          model.delete(key);
        }
        expect(map.size).toBe(model.size);
        expect(map.get(item.address)).toBe(model.get(key));
      }
      expect(new Set(map.values())).toEqual(new Set(model.values()));
    }),
  );
});

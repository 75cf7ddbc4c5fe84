import { encodeEntry } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { Candidate } from '../../src/core/peers/candidate.ts';
import { fromRecord, recordKey } from '../../src/core/store/dat-record.ts';
import { unsignedEntry } from '../doubles/dats.ts';

/* A Node Buffer is a Uint8Array whose `slice` shares memory: what is kept must be a copy all the same. */

test("the key that a hint expects is a candidate's own", () => {
  const expectedKey = Buffer.alloc(32, 1);
  const candidate = new Candidate({ address: '192.0.2.1', port: 4127 }, { source: 'hint', firstSeenMs: 0, expectedKey, onDue: () => {} });
  expectedKey.fill(2);
  expect(candidate.expectedKey).toEqual(new Uint8Array(32).fill(1));
});

test('an entry read from a record store has bytes of its own', () => {
  const { dat } = unsignedEntry({ value: 'kept' });
  const value = Buffer.from(encodeEntry({ dat, replicas: [] }));
  const entry = fromRecord({ key: Buffer.from(recordKey(dat)), value });
  value.fill(0);
  expect(new TextDecoder().decode(entry?.dat.value)).toBe('kept');
});

import { describe, expect, it } from 'vitest';
import { decodeGodaveBackup, encodeGodaveBackup } from '../../src/api.ts';
import { collect } from '../collect.ts';
import { entryOf, fromHex, toHex, vectors, type EntryVector } from './vector-files.ts';

const { entries, hex } = vectors('backup.json') as { entries: EntryVector[]; hex: string };

describe('backup.json', () => {
  it('decodes to its entries', async () => {
    const items = await collect(decodeGodaveBackup([fromHex(hex)]));
    expect(items.map((item) => (item.kind === 'entry' ? item.entry : item))).toStrictEqual(entries.map(entryOf));
  });

  it('is what encoding its entries writes', async () => {
    const chunks = await collect(encodeGodaveBackup(entries.map(entryOf)));
    expect(chunks.map(toHex).join('')).toBe(hex);
  });
});

import { describe, expect, it } from 'vitest';
import { distance, peerIdOf, sortByDistance } from '../../src/api.ts';
import { fromHex, vectors } from './vector-files.ts';

type Case = { target: string; peers: string[]; sorted: string[]; distances: string[] };

describe('distance.json', () => {
  for (const [index, { target, peers, sorted, distances }] of (vectors('distance.json') as { cases: Case[] }).cases.entries()) {
    it(`case ${index}: ${peers.length} peers`, () => {
      const given = peers.map((id) => ({ id: BigInt(id) }));
      const result = sortByDistance(BigInt(target), given);
      expect(result.map(({ id }) => String(id))).toEqual(sorted);
      expect(result.map(({ id }) => String(distance(id, BigInt(target))))).toEqual(distances);
      expect(given.map(({ id }) => String(id))).toEqual(peers);
    });
  }
});

describe('keys.json', () => {
  for (const { publicKey, id } of vectors('keys.json') as { publicKey: string; id: string }[]) {
    it(`the id of ${publicKey.slice(0, 16)}…`, () => {
      expect(String(peerIdOf(fromHex(publicKey)))).toBe(id);
    });
  }
});

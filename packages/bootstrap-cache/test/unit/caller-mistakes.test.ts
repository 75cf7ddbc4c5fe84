import { expect, test } from 'vitest';
import type { ConnectionOutcome } from '../../src/types.ts';
import { memoryCache } from '../open-cache.ts';

test.each([
  ['no outcome', undefined],
  ['an outcome that does not say whether it worked', {}],
  ['ok that is text', { ok: 'false' }],
  ['a reason that is no text', { ok: false, reason: 5 }],
  ['an address that is no text', { ok: true, address: 5 }],
  ['an unknown direction', { ok: true, direction: 'in' }],
  ['an unknown capability', { ok: true, capabilities: { relays: true } }],
  ['a capability that is no yes or no', { ok: true, capabilities: { relay: 'no' } }],
  ['an unknown kind of translator', { ok: true, capabilities: { natType: 'cone' } }],
])('%s is refused, and counts nothing', async (_, outcome) => {
  const { cache } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  const before = cache.get('a');
  expect(() => cache.recordOutcome('a', outcome as ConnectionOutcome)).toThrow(TypeError);
  expect(cache.get('a')).toEqual(before);
});

test('an unknown scope is refused: it could not be saved, and would have cost the peer at the next start', async () => {
  const { cache } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  expect(() => cache.observeReachability('a', '198.51.100.1:1', 'everywhere' as 'global')).toThrow(/'global'/);
  expect(cache.get('a')!.reachable).toEqual([]);
});

test.each([
  ['scope', { family: 4, network: 'n', scope: 'everywhere' }],
  ['family', { family: 5, network: 'n', scope: 'global' }],
  ['network', { family: 4, network: {}, scope: 'global' }],
])('a classifier that answers an unknown %s is told so', async (field, answer) => {
  const { cache } = await memoryCache({ classifyAddress: () => answer as never });
  expect(() => cache.add('a', ['198.51.100.1:1'])).toThrow(new RegExp(field));
});

test.each([
  ['strategy', { strategy: 'best' }],
  ['family', { family: 5 }],
  ['require', { require: { relays: true } }],
  ['prefer', { prefer: { relay: 1 } }],
])('a selection names its unknown %s', async (name, options) => {
  const { cache } = await memoryCache();
  cache.add('a', ['198.51.100.1:1']);
  expect(() => cache.selectPeers(1, options as object)).toThrow(new RegExp(name));
});

test('an event that does not exist is refused, and so is a listener that is no function', async () => {
  const { cache } = await memoryCache();
  expect(() => cache.on('save' as 'saved', () => {})).toThrow(/saved/);
  expect(() => cache.on('saved', undefined as never)).toThrow(TypeError);
});

test('an option says what is wrong with it, and what would be right', async () => {
  await expect(memoryCache({ epsilom: 0.1 } as object)).rejects.toThrow(/"epsilom"/);
  await expect(memoryCache({ maxPeers: 0 })).rejects.toThrow(/maxPeers: .*>=1/);
  await expect(memoryCache({ strategy: 'best' as 'random' })).rejects.toThrow(/best-first/);
});

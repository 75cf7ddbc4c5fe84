import { formatAddrPort } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { AddressVotes, scopeOf, voterGroup } from '../../../src/core/peers/address-votes.ts';
import { Pacer } from '../../../src/core/peers/pacer.ts';
import { FailedAddresses } from '../../../src/core/peers/failed-addresses.ts';

test('failed addresses are forgotten oldest first', () => {
  const failed = new FailedAddresses({ capacity: 3, soonMs: 12, lateMs: 600 });
  for (const [at, key] of ['a', 'b', 'c', 'a', 'd'].entries()) failed.add(key, at);
  expect(failed.size).toBe(3);
  expect(['a', 'b', 'c', 'd'].map((key) => failed.mayAnswer(key, 5))).toEqual([false, true, false, false]);
});

test('one that failed is tried when it writes to us soon after, when one network names it late, when two do sooner, but ever later', () => {
  const failed = new FailedAddresses({ capacity: 3, soonMs: 12, lateMs: 600 });
  expect(failed.mayTry('a', 'net 1', 0)).toBe(true);
  failed.add('a', 0);
  expect([11, 12].map((nowMs) => failed.mayAnswer('a', nowMs))).toEqual([false, true]);
  expect([1, 11, 12, 100, 599, 600].map((nowMs) => failed.mayTry('a', 'net 1', nowMs))).toEqual([false, false, false, false, false, true]);
  expect(failed.mayTry('a', 'net 2', 20)).toBe(true);
  failed.add('a', 30);
  expect([['net 1', 53], ['net 2', 53], ['net 1', 54], ['net 2', 55]].map(([network, nowMs]) => failed.mayTry('a', network as string, nowMs as number))).toEqual([false, false, false, true]);
  failed.delete('a');
  expect(failed.mayTry('a', 'net 1', 56)).toBe(true);
});

test('a pacer lets a burst pass and then its rate, and catches up to one burst after a pause', () => {
  const pacer = new Pacer(10, 3);
  const take = (nowMs: number): number => {
    const atMs = pacer.earliest(nowMs);
    pacer.book(atMs);
    return atMs;
  };
  expect(pacer.idle(0)).toBe(true);
  expect(Array.from({ length: 6 }, () => take(0))).toEqual([0, 0, 0, 100, 200, 300]);
  expect(pacer.idle(300)).toBe(false);
  expect(Array.from({ length: 4 }, () => take(10_000))).toEqual([10_000, 10_000, 10_000, 10_100]);
});

const address = (host: string, port = 4127): { address: string; port: number } => ({ address: host, port });

test('who has a vote: a /24 or /48 of the public, a host of a private network, a node on loopback', () => {
  expect(voterGroup(address('203.0.113.1'))).toBe(voterGroup(address('203.0.113.9', 1)));
  expect(voterGroup(address('2001:db8:1::1'))).toBe(voterGroup(address('2001:db8:1:9::1')));
  expect(voterGroup(address('10.0.0.1'))).not.toBe(voterGroup(address('10.0.0.2')));
  expect(voterGroup(address('10.0.0.1'))).toBe(voterGroup(address('10.0.0.1', 1)));
  expect(voterGroup(address('127.0.0.1'))).not.toBe(voterGroup(address('127.0.0.1', 1)));
});

test('more than half of the votes win; without that the winner stays', () => {
  const votes = new AddressVotes();
  const scope = scopeOf('203.0.113.1');
  const [one, two] = [address('192.0.2.1'), address('192.0.2.2')];
  const winners = [['a', one], ['b', two], ['c', two], ['a', two], ['d', one], ['e', one]] as const;
  expect(winners.map(([group, answer]) => formatAddrPort(votes.add(scope, group, answer)!.address))).toEqual(
    ['192.0.2.1:4127', '192.0.2.1:4127', '192.0.2.2:4127', '192.0.2.2:4127', '192.0.2.2:4127', '192.0.2.2:4127'],
  );
  expect(votes.winner(scope)?.voters).toBe(3);
});

test('votes lapse after two rounds, are bounded, and the address that reaches farthest is best', () => {
  const votes = new AddressVotes();
  votes.add('4-loopback', 'l', address('127.0.0.1'));
  expect(votes.best()).toEqual(address('127.0.0.1'));
  for (let index = 0; index < 40; index++) votes.add('4-public', `g${index}`, address('192.0.2.1'));
  expect(votes.winner('4-public')?.voters).toBe(32);
  expect(votes.best()).toEqual(address('192.0.2.1'));
  votes.nextRound();
  votes.nextRound();
  // All old votes are void: one new one decides.
  expect(votes.add('4-public', 'new', address('192.0.2.9'))?.address).toEqual(address('192.0.2.9'));
  votes.forget('4-public');
  expect(votes.best()).toEqual(address('127.0.0.1'));
});

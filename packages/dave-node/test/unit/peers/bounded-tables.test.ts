import { formatAddrPort } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { AddressVotes, scopeOf, voterGroup } from '../../../src/core/peers/address-votes.ts';
import { Pacer } from '../../../src/core/peers/pacer.ts';
import { RecentFailures } from '../../../src/core/peers/recent-failures.ts';

test('failures are forgotten oldest first', () => {
  const failures = new RecentFailures(3);
  failures.add('a', 1);
  failures.add('b', 2);
  failures.add('c', 3);
  failures.add('a', 4);
  failures.add('d', 5);
  expect(failures.size).toBe(3);
  expect(['a', 'b', 'c', 'd'].map((key) => failures.age(key, 10))).toEqual([6, Number.POSITIVE_INFINITY, 7, 5]);
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

import { afterEach, expect, test } from 'vitest';
import type { HintOutcome, PeerHints } from '../../src/core/peers/peer-hints.ts';
import { DiscoveryWorld, goPing } from './discovery-world.ts';

let world: DiscoveryWorld;
afterEach(() => world.stop());

test('all addresses of a name are tried, and a peer with two of them has one', async () => {
  world = new DiscoveryWorld('dual stack');
  const first = await world.answeringPuppet('203.0.113.1');
  const second = await world.puppet('203.0.113.2');
  second.onMessage = (message, from) => {
    if (message.op === 'ping') second.send(second.pong(message, { identity: first.identity }), from);
  };
  const other = await world.answeringPuppet('203.0.113.3');
  world.network.setName('seed.example.org', ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4']);
  const node = await world.node('198.51.100.2', { edges: ['seed.example.org:4127'] });
  await world.clock.advance(30_500);
  expect(node.discovery.activeCount).toBe(2);
  expect(node.discovery.byId(first.identity.id)?.addressKey).toBe(first.addressKey);
  expect(node.discovery.byId(other.identity.id)?.addressKey).toBe(other.addressKey);
  // The other address of a live peer is pinged once per drop time.
  expect(second.pings()).toHaveLength(3);
  first.onMessage = () => {};
  await world.clock.advance(4000);
  expect(node.discovery.byId(first.identity.id)).toMatchObject({ state: 'active', addressKey: second.addressKey });
});

test('a dead edge is found again when its name moves', async () => {
  world = new DiscoveryWorld('moves');
  const old = await world.node('203.0.113.1');
  world.network.setName('seed.example.org', ['203.0.113.1']);
  const node = await world.node('198.51.100.2', { edges: ['seed.example.org:4127'] });
  await world.clock.advance(5000);
  expect(node.discovery.activeCount).toBe(1);
  old.crash();
  const next = await world.node('203.0.113.77');
  world.network.setName('seed.example.org', ['203.0.113.77']);
  await world.clock.advance(40_000);
  expect(node.discovery.byId(next.identity.id)).toMatchObject({ state: 'active', edge: true });
  expect(node.discovery.peers().map(({ address }) => address.address)).toEqual(['203.0.113.77']);
});

test('a name is resolved again while it works, and a working address that left it is kept as an ordinary peer', async () => {
  world = new DiscoveryWorld('again');
  const old = await world.node('203.0.113.1');
  world.network.setName('seed.example.org', ['203.0.113.1']);
  const node = await world.node('198.51.100.2', { edges: ['seed.example.org:4127'], resolveMs: 60_000 });
  await world.clock.advance(5000);
  const added = await world.node('203.0.113.2');
  world.network.setName('seed.example.org', ['203.0.113.2']);
  await world.clock.advance(75_000);
  expect(node.discovery.byId(added.identity.id)).toMatchObject({ state: 'active', edge: true });
  expect(node.discovery.byId(old.identity.id)).toMatchObject({ state: 'active' });
});

test('a name that cannot be resolved is tried again, ever less often', async () => {
  world = new DiscoveryWorld('no dns');
  const asked: number[] = [];
  const node = await world.node('198.51.100.2', {
    edges: ['seed.example.org:4127'],
    modules: {
      resolve: async () => {
        asked.push(world.clock.monotonic() / 1000);
        if (asked.length < 9) throw new Error('getaddrinfo ENOTFOUND seed.example.org');
        return ['203.0.113.1'];
      },
    },
  });
  const edge = await world.answeringPuppet('203.0.113.1');
  const waiting = expect(node.discovery.waitForActive(1, { timeoutMs: 5000 })).rejects.toThrow('Edge seed.example.org:4127 could not be resolved (getaddrinfo ENOTFOUND seed.example.org).');
  await world.clock.advance(300_000);
  await waiting;
  expect(asked.slice(0, 9)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(node.discovery.byId(edge.identity.id)?.state).toBe('active');
});

test('waiting for peers fails at its deadline and says what was tried', async () => {
  world = new DiscoveryWorld('nobody');
  const node = await world.node('198.51.100.2', { edges: ['203.0.113.1:4127', '203.0.113.2:4127'] });
  const live = await world.answeringPuppet('203.0.113.2');
  const wait = (count: number): Promise<unknown> => node.discovery.waitForActive(count, { timeoutMs: 4500 }).then(
    () => 'active',
    (error: unknown) => error,
  );
  const two = wait(2);
  await world.clock.advance(4500);
  expect(await two).toMatchObject({
    code: 'NODE_TIMEOUT',
    message: '1 of 2 peers were active after 4500 ms. Edge 203.0.113.1:4127: never answered 5 PINGs. Edge 203.0.113.2:4127: active.',
  });
  live.onMessage = () => {};
  await world.clock.advance(5000);
  const one = wait(1);
  await world.clock.advance(4500);
  expect(await one).toMatchObject({ code: 'NODE_NO_PEERS', message: expect.stringContaining('Edge 203.0.113.2:4127: answered earlier, is silent now after') });
});

test('without edges the failure says so; a signal ends the wait; nonsense is a TypeError', async () => {
  world = new DiscoveryWorld('no edges');
  const node = await world.node('198.51.100.2');
  const alone = expect(node.discovery.waitForActive(1, { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'NODE_NO_PEERS',
    message: expect.stringContaining('pass `edges`'),
  });
  await world.clock.advance(200);
  await alone;
  const reason = new Error('enough');
  const controller = new AbortController();
  const aborted = expect(node.discovery.waitForActive(1, { timeoutMs: 100, signal: controller.signal })).rejects.toBe(reason);
  controller.abort(reason);
  await aborted;
  await expect(node.discovery.waitForActive(1, { timeoutMs: 100, signal: controller.signal })).rejects.toBe(reason);
  expect(() => node.discovery.waitForActive(-1, { timeoutMs: 100 })).toThrow(TypeError);
  await node.discovery.waitForActive(0, { timeoutMs: 100 });
});

test('waiting does not count clients', async () => {
  world = new DiscoveryWorld('clients');
  const node = await world.node('198.51.100.2');
  const client = await world.node('203.0.113.1', { mode: 'client', edges: [node.addressKey] });
  const waiting = expect(node.discovery.waitForActive(1, { timeoutMs: 10_000 })).rejects.toMatchObject({ code: 'NODE_NO_PEERS' });
  await world.clock.advance(10_500);
  await waiting;
  expect(node.discovery.byId(client.identity.id)?.state).toBe('active');
  expect(node.discovery.usablePeerCount).toBe(0);
  expect(node.discovery.closest(client.identity.id, 5)).toEqual([]);
  expect(client.discovery.usablePeerCount).toBe(1);
});

test('an edge that is no address is refused', async () => {
  world = new DiscoveryWorld('bad edges');
  for (const edge of ['', 'host', 'host:0', 'host:65535', '[::1:4127', '1.2.3:4127', '0.0.0.0:4127', '224.0.0.1:4127', 'ab@host:4127', 'http://host:4127']) {
    await expect(world.node(`198.51.100.${world.random.integer(200)}`, { edges: [edge] }), edge).rejects.toMatchObject({ code: 'NODE_BAD_OPTION' });
  }
});

/** Remembers peers as a bootstrap cache would. */
class RecordedHints implements PeerHints {
  readonly outcomes: HintOutcome[] = [];
  readonly #known: readonly { address: string; publicKey?: Uint8Array }[];
  asked = 0;

  constructor(known: readonly { address: string; publicKey?: Uint8Array }[]) {
    this.#known = known;
  }

  pick(count: number): readonly { address: string; publicKey?: Uint8Array }[] {
    this.asked = count;
    return this.#known;
  }

  outcome(outcome: HintOutcome): void {
    this.outcomes.push(outcome);
  }
}

test('peers of earlier runs are pinged at start, and what came of them is told', async () => {
  world = new DiscoveryWorld('hints');
  const good = await world.answeringPuppet('203.0.113.1');
  const changed = await world.answeringPuppet('203.0.113.2');
  const former = world.identity('former');
  const hints = new RecordedHints([
    { address: good.addressKey, publicKey: good.identity.publicKey },
    { address: changed.addressKey, publicKey: former.publicKey },
    { address: '203.0.113.3:4127' },
    { address: 'not an address' },
    { address: '198.51.100.2:4127' },
  ]);
  const node = await world.node('198.51.100.2', { modules: { hints }, hintCount: 6 });
  expect(hints.asked).toBe(6);
  expect(world.sent.map(({ to }) => to)).toEqual([good.addressKey, changed.addressKey, '203.0.113.3:4127']);
  await world.clock.advance(10_000);
  expect(node.discovery.activeCount).toBe(2);
  expect(world.pingsTo('203.0.113.3:4127')).toHaveLength(3);
  expect(hints.outcomes).toEqual([
    { address: changed.addressKey, publicKey: former.publicKey, ok: false },
    { address: '203.0.113.3:4127', publicKey: undefined, ok: false },
    { address: good.addressKey, publicKey: good.identity.publicKey, ok: true, rttMs: 40 },
    { address: changed.addressKey, publicKey: changed.identity.publicKey, ok: true, rttMs: 40 },
  ]);
  good.onMessage = () => {};
  await world.clock.advance(4000);
  expect(hints.outcomes.at(-1)).toEqual({ address: good.addressKey, publicKey: good.identity.publicKey, ok: false });
});

test('hints that fail do not take discovery with them', async () => {
  world = new DiscoveryWorld('broken hints');
  const errors: Error[] = [];
  const edge = await world.node('203.0.113.1');
  const failure = new Error('disk on fire');
  const hints: PeerHints = {
    pick: () => {
      throw failure;
    },
    outcome: () => {
      throw failure;
    },
  };
  const node = await world.node('198.51.100.2', { edges: [edge.addressKey], modules: { hints }, start: false });
  node.emitter.on('error', ({ error }) => errors.push(error));
  node.discovery.start();
  await world.clock.advance(1500);
  expect(node.discovery.activeCount).toBe(1);
  expect(errors).toEqual([failure, failure]);
});

test('an address that is a peer already becomes an edge when a name leads to it', async () => {
  world = new DiscoveryWorld('upgrade');
  world.network.setName('seed.example.org', []);
  const node = await world.node('198.51.100.2', { edges: ['seed.example.org:4127'] });
  const peer = await world.answeringPuppet('203.0.113.1');
  peer.send(goPing(world.random), node.address);
  await world.clock.advance(500);
  expect(node.discovery.byId(peer.identity.id)?.state).toBe('proven');
  world.network.setName('seed.example.org', ['203.0.113.1']);
  await world.clock.advance(1000);
  expect(node.discovery.byId(peer.identity.id)).toMatchObject({ state: 'active', edge: true });
});

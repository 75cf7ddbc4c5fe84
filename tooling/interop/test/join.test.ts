import { it } from 'vitest';
import { DavePeer } from '../src/dave-peer.ts';
import { GoNode } from '../src/go-node.ts';
import { describeWithGo } from './describe-with-go.ts';

/** Go looks at its peers every 3 s, and activates those that are no edges after 5 s. */
const GO_JOIN_MS = 15_000;

// All of these wait for the Go node's sweeps, so they run at the same time.
describeWithGo('joining a network of both kinds', () => {
  it.concurrent('Go joins through ours', async ({ expect }) => {
    await using ours = await DavePeer.open();
    await using go = await GoNode.start({ edges: [ours.address], logLevel: 'debug' });
    const [byGo] = await Promise.all([
      go.waitForPeers(1, GO_JOIN_MS),
      ours.node.waitForActivePeers(1, { timeoutMs: GO_JOIN_MS }),
    ]);
    expect(byGo.activePeerCount).toBe(1);
    expect(ours.node.peers()).toMatchObject([{ id: go.id, publicKey: go.publicKey, state: 'active', edge: false, client: false, protocolVersion: undefined }]);
    // It has asked for its address once, at its start, when we did not know it yet.
    expect(go.stderr).toContain(`updated my addrport to ${go.address}`);
  });

  it.concurrent('ours joins through Go, is usable in 1.5 s, and learns its own address', async ({ expect }) => {
    await using go = await GoNode.start();
    const startedMs = performance.now();
    await using ours = await DavePeer.open({ edges: [go.address] });
    const learned = new Promise((resolve) => ours.node.on('address-learned', resolve));
    await ours.node.waitForActivePeers(1);
    expect(performance.now() - startedMs).toBeLessThan(1500);
    await learned;
    expect(ours.node.address).toEqual(ours.node.listenAddress);
    expect((await go.waitForPeers(1, GO_JOIN_MS)).activePeerCount).toBe(1);
  });

  it.concurrent('two of ours and two Go nodes, each kind an edge of the other, find all of each other', async ({ expect }) => {
    await using goEdge = await GoNode.start();
    await using ourEdge = await DavePeer.open({ edges: [goEdge.address] });
    await using go = await GoNode.start({ edges: [ourEdge.address] });
    await using ours = await DavePeer.open({ edges: [goEdge.address] });
    await Promise.all([
      ...[goEdge, go].map((node) => node.waitForPeers(3, 25_000)),
      ...[ourEdge, ours].map(({ node }) => node.waitForActivePeers(3, { timeoutMs: 25_000 })),
    ]);
    const everyone = new Set([goEdge.id, go.id, ourEdge.node.id, ours.node.id]);
    for (const { node } of [ourEdge, ours]) {
      expect(new Set([node.id, ...node.peers().map(({ id }) => id)])).toEqual(everyone);
      expect(node.address).toEqual(node.listenAddress);
    }
    // Nobody counts itself, on either side.
    for (const node of [goEdge, go]) expect((await node.status()).activePeerCount).toBe(3);
  });

  it.concurrent('a client of ours reads and writes, and no Go node takes it for a peer', async ({ expect }) => {
    await using go = await GoNode.start();
    await using client = await DavePeer.open({ edges: [go.address], mode: 'client' });
    await client.node.waitForActivePeers(1);
    const value = Uint8Array.of(1, 2, 3);
    const { dat, replicas, acks } = await client.node.put('by a client', value);
    expect({ replicas, acks }).toEqual({ replicas: [{ id: go.id, outcome: 'stored' }], acks: 1 });
    expect(await go.get(client.node.publicKey, dat.key)).toMatchObject({ found: true, entry: { value } });
    await using reader = await DavePeer.open({ edges: [go.address], mode: 'client' });
    const got = await reader.node.get(client.node.publicKey, dat.key);
    expect(got).toMatchObject({ found: true, source: go.id, entry: { dat: { value } } });
    // Longer than it takes Go to activate a peer that answers.
    await expect(go.waitForPeers(1, 9500)).rejects.toThrow(/0 of 1 peers/);
  });
});

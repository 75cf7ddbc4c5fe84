import { accountedSize, createDat, distance, generateKeyPair, keyPairFromSeed, peerIdOf, type Dat } from '@p2p/dave-wire';
import { expect, it } from 'vitest';
import { DavePeer } from '../src/dave-peer.ts';
import { GoNode, seriesValue } from '../src/go-node.ts';
import { describeWithGo } from './describe-with-go.ts';

const FANOUT = 5;
/** Minutes and seconds of the real network, in tenths. */
const intervals = { pingMs: 200, replicateMs: 2000, replicationStaggerMs: 100 };
const REPAIR_MS = 25_000;

describeWithGo('replicas missing on a Go node', () => {
  it('are repaired into it when it joins: those of the keys it is one of the five closest to, and no others', async () => {
    await using nodes = await openNetwork(FANOUT);
    const [first] = nodes.peers;
    const seed = new Uint8Array(32).fill(0x60);
    const ids = [...nodes.peers.map(({ node }) => node.id), peerIdOf(keyPairFromSeed(seed).publicKey)];
    const dats = await Promise.all(Array.from({ length: 120 }, (_, i) => datOf(`dat ${i}`)));
    // One after the other: all of ours verify on this thread, and one that is busy for as long as all take answers no ping.
    for (const dat of dats) await first!.node.putDat(dat, { minAcks: FANOUT, timeoutMs: REPAIR_MS });
    const goId = ids.at(-1)!;
    const due = dats.filter((dat) => closest(ids, dat).includes(goId));
    // Each is due with a chance of 5 in 6: both kinds are there.
    expect(due.length).toBeGreaterThan(0);
    expect(due.length).toBeLessThan(dats.length);

    const replicated = nodes.peers.map(({ node }) => {
      const sent: string[] = [];
      node.on('replicated', ({ dat, to }) => to.id === goId && sent.push(dat.key));
      return sent;
    });
    await using go = await GoNode.start({ seed, edges: [first!.address] });
    await untilUsed(go, due);
    for (const dat of due) {
      expect(await go.get(dat.publicKey, dat.key)).toMatchObject({ found: true, entry: { value: dat.value, timeMs: dat.time } });
    }
    expect(new Set(replicated.flat())).toEqual(new Set(due.map(({ key }) => key)));
  }, 60_000);

  it('are repaired into it when it comes back empty', async () => {
    await using nodes = await openNetwork(2);
    const [first] = nodes.peers;
    const seed = new Uint8Array(32).fill(0x61);
    const go = await GoNode.start({ seed, edges: [first!.address] });
    await Promise.all(nodes.peers.map(({ node }) => node.waitForActivePeers(2)));
    const dats = await Promise.all(Array.from({ length: 50 }, (_, i) => datOf(`dat ${i}`)));
    for (const dat of dats) await first!.node.putDat(dat, { minAcks: 3, timeoutMs: REPAIR_MS });
    await untilUsed(go, dats);

    const gone = Promise.all(
      nodes.peers.map(({ node }) => new Promise((resolve) => node.on('peer-inactive', ({ peer }) => peer.id === go.id && resolve(peer)))),
    );
    // Nobody but ours, who can take a refusal, has a reason to dial it.
    await go.terminate();
    await gone;
    await using back = await GoNode.start({ seed, listen: go.address, edges: [first!.address] });
    expect(back.id).toBe(go.id);
    await untilUsed(back, dats);
  }, 60_000);
});

interface Network extends AsyncDisposable {
  readonly peers: readonly DavePeer[];
}

async function openNetwork(size: number): Promise<Network> {
  const peers: DavePeer[] = [];
  const network: Network = {
    peers,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(peers.map((peer) => peer.close()));
    },
  };
  try {
    for (let index = 0; index < size; index += 1) {
      const edges = peers.slice(0, 1).map(({ address }) => address);
      peers.push(await DavePeer.open({ edges, intervals, verifyThreads: 0 }));
    }
    await Promise.all(peers.map(({ node }) => node.waitForActivePeers(size - 1)));
    return network;
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

function datOf(key: string): Promise<Dat> {
  return createDat({ privateKey: generateKeyPair().privateKey, key, value: seriesValue(key, 200) });
}

/** By XOR distance to the author, as the protocol has it. */
function closest(ids: readonly bigint[], dat: Dat): bigint[] {
  const target = peerIdOf(dat.publicKey);
  return ids.toSorted((a, b) => (distance(a, target) < distance(b, target) ? -1 : 1)).slice(0, FANOUT);
}

async function untilUsed(go: GoNode, dats: readonly Dat[]): Promise<void> {
  const bytes = dats.reduce((sum, dat) => sum + accountedSize(dat), 0);
  await expect.poll(async () => (await go.status()).usedSpace, { interval: 50, timeout: REPAIR_MS }).toBe(bytes);
}

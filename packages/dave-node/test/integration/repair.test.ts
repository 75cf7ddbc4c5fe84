import { createDat, distance, FANOUT, formatAddrPort, generateKeyPair, peerIdOf, type Dat } from '@p2p/dave-wire';
import { expect, it } from 'vitest';
import { DaveNode } from '../../src/index.ts';

/** Shorter than those of a real network, but so that a machine that stands still for a second loses no peer. */
const intervals = { pingMs: 400, replicateMs: 2000, replicationStaggerMs: 100 };
const NODES = 8;
const LIMIT_MS = 20_000;

it('two of five holders killed: the five closest of those that live hold every dat again', async () => {
  const nodes: DaveNode[] = [];
  try {
    for (let index = 0; index < NODES; index += 1) {
      const edges = nodes.slice(0, 1).map(({ listenAddress }) => formatAddrPort(listenAddress));
      const { privateKey } = generateKeyPair();
      nodes.push(await DaveNode.open({ privateKey, listen: '[::1]:0', edges, intervals, verifyThreads: 0 }));
    }
    await Promise.all(nodes.map((node) => node.waitForActivePeers(NODES - 1)));
    // One author, so that all of its dats have the same five holders; others beside it.
    const author = generateKeyPair();
    const ofAuthor = Array.from({ length: 40 }, (_, i) => createDat({ ...author, key: `dat ${i}`, value: new Uint8Array(100).fill(i) }));
    const ofOthers = Array.from({ length: 40 }, (_, i) => createDat({ ...generateKeyPair(), key: `other ${i}`, value: Uint8Array.of(i) }));
    const dats = await Promise.all([...ofAuthor, ...ofOthers]);
    const holders = closest(nodes, dats[0]!);
    // The writer is the last that would ever have to hold them, so it has nothing to add.
    const writer = byDistance(nodes, dats[0]!).at(-1)!;
    // One after the other: all nodes verify on this thread, and one that is busy for as long as all take answers no ping.
    for (const dat of dats) await writer.putDat(dat, { minAcks: FANOUT, timeoutMs: LIMIT_MS });
    for (const dat of dats) expect(lacking(nodes, dat)).toEqual([]);

    const killed = [holders[1]!, holders[3]!];
    const alive = nodes.filter((node) => !killed.includes(node));
    // Those that will have to step in have nothing of it yet. While two are closing, repair may begin.
    expect(lacking(alive, dats[0]!)).toHaveLength(2);
    await Promise.all(killed.map((node) => node.close()));
    await expect.poll(() => dats.flatMap((dat) => lacking(alive, dat)), { interval: 50, timeout: LIMIT_MS }).toEqual([]);

    // And a stranger reads them all, from those that live.
    const { privateKey } = generateKeyPair();
    await using reader = await DaveNode.open({ privateKey, listen: '[::1]:0', mode: 'client', edges: [formatAddrPort(alive[0]!.listenAddress)], intervals });
    for (const dat of dats) expect(await reader.get(dat.publicKey, dat.key)).toMatchObject({ found: true, entry: { dat } });
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
  }
}, 60_000);

/** By XOR distance to the author, as the protocol has it. */
function byDistance(nodes: readonly DaveNode[], dat: Dat): DaveNode[] {
  const target = peerIdOf(dat.publicKey);
  return nodes.toSorted((a, b) => (distance(a.id, target) < distance(b.id, target) ? -1 : 1));
}

function closest(nodes: readonly DaveNode[], dat: Dat): DaveNode[] {
  return byDistance(nodes, dat).slice(0, FANOUT);
}

/** Ids of those that should hold a dat and do not. */
function lacking(nodes: readonly DaveNode[], dat: Dat): bigint[] {
  return closest(nodes, dat)
    .filter((node) => node.localEntry(dat.publicKey, dat.key) === undefined)
    .map(({ id }) => id);
}

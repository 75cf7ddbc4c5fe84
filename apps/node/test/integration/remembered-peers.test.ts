import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DaveNode, type Logger } from '@p2p/dave-node';
import { formatAddrPort, generateKeyPair } from '@p2p/dave-wire';
import { expect, test } from 'vitest';
import { hintsOf, openPeerMemory } from '../../src/remembered/peer-memory.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const MONTH_MS = 30 * 86_400_000;
const intervals = { pingMs: 200 };

function systemTimePlus(ms: number): { now(): number; setTimer(delayMs: number, callback: () => void): { cancel(): void } } {
  return {
    now: () => Date.now() + ms,
    setTimer: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs).unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

function openNode(edges: readonly string[], more: { peerHints?: ReturnType<typeof hintsOf>; privateKey?: Uint8Array } = {}): Promise<DaveNode> {
  return DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '127.0.0.1:0', edges, intervals, verifyThreads: 0, ...more });
}

test('a node whose edges are all dead rejoins from what it remembers, a month later', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'dave-remembered-'));
  const open: DaveNode[] = [];
  try {
    const edge = await openNode([]);
    open.push(edge);
    const edgeAddress = formatAddrPort(edge.listenAddress);
    for (let count = 0; count < 3; count += 1) open.push(await openNode([edgeAddress]));
    const { privateKey } = generateKeyPair();

    const before = await openPeerMemory(dataDir, silent);
    const first = await openNode([edgeAddress], { privateKey, peerHints: hintsOf(before) });
    await first.waitForActivePeers(4);
    await first.close();
    await before.close();
    expect(before.size).toBe(4);
    await edge.close();

    const after = await openPeerMemory(dataDir, silent, { clock: systemTimePlus(MONTH_MS) });
    expect(after.size).toBe(4);
    const again = await openNode([edgeAddress], { privateKey, peerHints: hintsOf(after) });
    try {
      await again.waitForActivePeers(3);
      const remembered = new Set(open.slice(1).map((node) => node.id));
      expect(new Set(again.peers().filter(({ state }) => state === 'active').map(({ id }) => id))).toEqual(remembered);
    } finally {
      await again.close();
      await after.close();
    }
  } finally {
    await Promise.all(open.map((node) => node.close()));
    await rm(dataDir, { recursive: true });
  }
});

test('without memory the same node stays alone', async () => {
  const gone = await openNode([]);
  const address = formatAddrPort(gone.listenAddress);
  await gone.close();
  await using alone = await openNode([address]);
  await expect(alone.waitForActivePeers(1, { timeoutMs: 1500 })).rejects.toMatchObject({ code: 'NODE_NO_PEERS' });
});

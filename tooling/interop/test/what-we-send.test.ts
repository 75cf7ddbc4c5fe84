import { createChallenge, FrameDecoder, systemRandom, tryDecodeMessage } from '@p2p/dave-wire';
import { expect, it } from 'vitest';
import { DavePeer, seriesDats } from '../src/dave-peer.ts';
import { GoNode } from '../src/go-node.ts';
import { WirePeer } from '../src/wire-peer.ts';
import { describeWithGo } from './describe-with-go.ts';

/** The least that the Go node's handlers read of each message: less ends its process. */
const LEAST_BYTES = { ping: 49, pong: 146, put: 200, get: 34, 'get-ack': 200, 'get-my-addr-port': 1, 'get-my-addr-port-ack': 19 } as const;

describeWithGo('all that ours sends to a peer that could be a Go node', () => {
  it('is complete, in packets and frames, and a Go node survives a replay of it', async () => {
    // It proves its key and then says nothing: every retry and every other way is taken.
    await using peer = await WirePeer.open();
    await using ours = await DavePeer.open({ edges: [peer.address] });
    await ours.node.waitForActivePeers(1);
    const { port } = ours.node.listenAddress;
    peer.send({ op: 'ping', challenge: createChallenge(systemRandom), usedSpace: 0n, capacity: 0n }, port);
    peer.send({ op: 'get-my-addr-port' }, port);
    const { dat } = await ours.node.put('key', Uint8Array.of(1), { timeoutMs: 2000 });
    await ours.node.get(peer.keyPair.publicKey, 'missing', { timeoutMs: 1000 });
    for (const key of [dat.key, 'missing']) peer.send({ op: 'get', publicKey: ours.node.publicKey, key }, port);
    const writer = ours.node.batchWriter(ours.node.publicKey);
    for await (const one of seriesDats(ours.privateKey, { count: 50, prefix: 'batch ', valueSize: 100 })) await writer.write(one);
    // Silence, which our keep-alive fills.
    await expect.poll(() => framesOf(peer, 'get-my-addr-port').length).toBeGreaterThan(2);
    await writer.close();

    const ops = new Set(peer.kept.map(({ message }) => message.op));
    expect(ops).toEqual(new Set(['ping', 'pong', 'put', 'get', 'get-ack', 'get-my-addr-port', 'get-my-addr-port-ack']));
    for (const { message, bytes } of peer.kept) {
      expect(bytes.length).toBeGreaterThanOrEqual(LEAST_BYTES[message.op as keyof typeof LEAST_BYTES]);
    }
    expect(framesOf(peer, 'put').length).toBeGreaterThanOrEqual(50);
    expect(new Set(framesOf(peer).map(({ op }) => op))).toEqual(new Set(['put', 'get-my-addr-port']));

    await using go = await GoNode.start();
    for (const { bytes } of peer.kept) peer.sendBytes(bytes, go.port);
    for (const chunks of peer.streams) await peer.stream(go.port, chunks);
    await expect.poll(async () => go.get(ours.node.publicKey, 'batch 49')).toMatchObject({ found: true });
    expect(await go.get(ours.node.publicKey, dat.key)).toMatchObject({ found: true });
  }, 60_000);
});

/** The frames that came over TCP; a broken stream throws. */
function framesOf(peer: WirePeer, op?: string): { op: string }[] {
  const messages = peer.streams.flatMap((chunks) => {
    const decoder = new FrameDecoder();
    return chunks.flatMap((chunk) =>
      Array.from(decoder.push(chunk), (bytes) => {
        const message = tryDecodeMessage(bytes);
        if (typeof message === 'string') throw new Error(`a frame of ours is ${message}`);
        return { op: message.op };
      }),
    );
  });
  return op === undefined ? messages : messages.filter((message) => message.op === op);
}

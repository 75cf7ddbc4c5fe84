import { createDat, encodeMessage, messageSize, systemRandom } from '@p2p/dave-wire';
import { contextToWire, createEventLog, newTrace, TRACE } from '@p2p/trace';
import { expect, it } from 'vitest';
import { DavePeer } from '../src/dave-peer.ts';
import { GoNode } from '../src/go-node.ts';
import { WirePeer } from '../src/wire-peer.ts';
import { describeWithGo } from './describe-with-go.ts';

/** Item 1 of the extension block, with its header. */
const ITEM_BYTES = 35;

describeWithGo('a Go node and a trace', () => {
  it('reads our requests with a trace context as it reads those without', async () => {
    const log = createEventLog({ index: true, strict: true });
    await using go = await GoNode.start();
    await using ours = await DavePeer.open({ mode: 'client', edges: [go.address], traceLog: log });
    await using reader = await DavePeer.open({ mode: 'client', edges: [go.address], traceLog: log });
    await Promise.all([ours, reader].map(({ node }) => node.waitForActivePeers(1)));
    const root = log.newTrace();
    const value = Uint8Array.of(1, 2, 3);
    expect((await ours.node.put('traced', value, { minAcks: 1, trace: root })).acks).toBe(1);
    expect(await go.get(ours.node.publicKey, 'traced')).toMatchObject({ found: true, entry: { value } });
    const got = await reader.node.get(ours.node.publicKey, 'traced', { trace: root });
    expect(got).toMatchObject({ found: true, entry: { dat: { value } }, source: go.id });

    const sizes = log.query.where({ traceId: root, kinds: ['packetSent'] }).map((event) => event.kind === 'packetSent' && event.size);
    const bare = messageSize({ op: 'get', publicKey: ours.node.publicKey, key: 'traced', extensions: { requestId: 1n } });
    expect(sizes.includes(bare + ITEM_BYTES)).toBe(TRACE);
    const names = log.query.trace(root).flatMap((event) => (event.kind === 'spanEnd' ? [event.name] : []));
    if (TRACE) expect(names).toEqual(expect.arrayContaining(['put', 'deliver', 'get', 'ask']));
    else expect(names).toEqual([]);
  }, 60_000);

  it('stores a PUT that carries one, and answers a GET that does', async () => {
    await using go = await GoNode.start();
    await using peer = await WirePeer.open();
    // A build without tracing has no context to send; the bytes of one are the same for a Go node.
    const trace = TRACE ? contextToWire(newTrace()) : { traceId: systemRandom.bytes(16), spanId: 7n, startUs: 1n, flags: 1 };
    const dat = await createDat({ privateKey: peer.keyPair.privateKey, key: 'stamped', value: Uint8Array.of(5) });
    peer.sendBytes(encodeMessage({ op: 'put', entry: { dat, replicas: [] }, extensions: { requestId: 1n, trace } }), go.port);
    await expect.poll(async () => go.get(dat.publicKey, dat.key)).toMatchObject({ found: true, entry: { value: dat.value } });
    peer.sendBytes(encodeMessage({ op: 'get', publicKey: dat.publicKey, key: dat.key, extensions: { requestId: 2n, trace } }), go.port);
    await expect.poll(() => peer.kept.some(({ message }) => message.op === 'get-ack' && message.entry.dat.key === 'stamped')).toBe(true);
  }, 60_000);
});

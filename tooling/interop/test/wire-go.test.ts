import {
  createChallenge,
  createDat,
  distance,
  encodeMessage,
  FrameDecoder,
  generateKeyPair,
  isNotFound,
  MAX_PACKET,
  notFoundEntry,
  peerIdOf,
  storeKey,
  systemRandom,
  tryDecodeMessage,
  verifyDat,
  verifySolution,
  type Dat,
  type Extensions,
  type GetAck,
  type Put,
} from '@p2p/dave-wire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GoNode, seriesValue } from '../src/go-node.ts';
import { framesOf, WirePeer } from '../src/wire-peer.ts';
import { describeWithGo } from './describe-with-go.ts';

const author = generateKeyPair();
const { privateKey, publicKey } = author;
/** Every item that may follow a message. */
const extensions: Extensions = {
  trace: { traceId: new Uint8Array(16).fill(0xab), spanId: 7n, startUs: 8n, flags: 1 },
  requestId: 0x1122334455667788n,
  capabilities: { putAck: true, directedDiscovery: true, client: false, protocolVersion: 1 },
  padToBytes: 400,
};

const ping = (challenge: Uint8Array) => ({ op: 'ping', challenge, usedSpace: 0n, capacity: 1n << 30n }) as const;
const dat = (key: string, value = seriesValue(key, 100), time?: number): Promise<Dat> =>
  createDat({ privateKey, key, value, ...(time === undefined ? {} : { time }) });
const put = (entryDat: Dat): Put => ({ op: 'put', entry: { dat: entryDat, replicas: [] } });

describeWithGo('bare sockets with @p2p/dave-wire and a Go node', () => {
  let go: GoNode;
  let peer: WirePeer;

  beforeAll(async () => {
    go = await GoNode.start();
    peer = await WirePeer.open();
  });

  afterAll(async () => {
    await peer?.[Symbol.asyncDispose]();
    await go?.close();
  });

  /** The Go node's answer to a GET; the one to an earlier GET of the same key may be in the queue. */
  async function ask(key: string, more: Partial<Pick<GetAck, 'extensions'>> = {}): Promise<GetAck> {
    peer.send({ op: 'get', publicKey, key, ...more }, go.port);
    return (await peer.receive('get-ack', ({ entry }) => entry.dat.key === key)).message;
  }

  async function untilStored(wanted: Dat): Promise<void> {
    const stored = expect.poll(async () => (await ask(wanted.key)).entry.dat, { interval: 5 });
    await stored.toEqual(wanted);
  }

  // These wait for sweeps of Go nodes, every 3 s: together, each with sockets of its own.
  it.concurrent('solve each other’s challenges', async ({ expect }) => {
    await using peer = await WirePeer.open();
    const challenge = createChallenge(systemRandom);
    peer.send(ping(challenge), go.port);
    const { message } = await peer.receive('pong');
    expect(message.solution.publicKey).toEqual(go.publicKey);
    expect(await verifySolution(message.solution, challenge)).toBe(true);
    expect(await verifySolution(message.solution, createChallenge(systemRandom))).toBe(false);
    // Go pings whoever has pinged it, and counts us once our answers have been right for five seconds.
    const asked = await peer.receive('ping');
    expect(asked.message).toMatchObject({ usedSpace: 0n, capacity: BigInt((await go.status()).capacity) });
    expect(encodeMessage(asked.message)).toEqual(asked.bytes);
    expect((await go.waitForPeers(1, 15_000)).activePeerCount).toBe(1);
  });

  it.concurrent('a forged solution convinces no Go node, a right one does', async ({ expect }) => {
    await using honest = await WirePeer.open();
    await using forger = await WirePeer.open({ pongs: 'forged' });
    await using believing = await GoNode.start({ edges: [honest.address] });
    await using deceived = await GoNode.start({ edges: [forger.address] });
    // Two sweeps: in the first an edge may count because it was added less than 3 s ago.
    await Promise.all([
      expect(believing.waitForPeers(2, 6500)).rejects.toThrow(/1 of 2 peers active/),
      expect(deceived.waitForPeers(2, 6500)).rejects.toThrow(/0 of 2 peers active/),
    ]);
    expect(deceived.stderr).toContain('signature is invalid');
    expect(believing.stderr).not.toContain('signature is invalid');
  });

  it.concurrent('tell each other their addresses', async ({ expect }) => {
    await using peer = await WirePeer.open();
    peer.send({ op: 'get-my-addr-port' }, go.port);
    const { message } = await peer.receive('get-my-addr-port-ack');
    expect(message.addrPort).toEqual({ address: '::1', port: peer.port });

    await using told = await GoNode.start({ edges: [peer.address], logLevel: 'debug' });
    const asked = await peer.receive('get-my-addr-port');
    expect(asked).toMatchObject({ bytes: Uint8Array.of(6), port: told.port });
    // With the block behind it: Go takes no notice of that.
    peer.send({ op: 'get-my-addr-port-ack', addrPort: { address: '::1', port: told.port }, extensions }, told.port);
    await expect.poll(() => told.stderr).toContain(`updated my addrport to ${told.address}`);
  });

  it.concurrent('a Go node’s Get takes our answer, with an extension block behind it', async ({ expect }) => {
    await using peer = await WirePeer.open();
    await using reader = await GoNode.start({ edges: [peer.address] });
    await reader.waitForPeers(1);
    const wanted = await dat('answered by us');
    const getting = reader.get(publicKey, wanted.key);
    const { port } = await peer.receive('get', ({ key }) => key === wanted.key);
    peer.send({ op: 'get-ack', entry: { dat: wanted, replicas: [1n, 2n] }, extensions }, port);
    expect(await getting).toMatchObject({ found: true, entry: { key: wanted.key, value: wanted.value, replicas: [1n, 2n, 0n, 0n, 0n] } });

    // A not-found that does not name what was asked for would leave Go waiting for its deadline.
    const missing = reader.get(publicKey, 'nobody has it', 10_000);
    await peer.receive('get', ({ key }) => key === 'nobody has it');
    peer.send({ op: 'get-ack', entry: notFoundEntry(publicKey, 'nobody has it') }, port);
    expect(await missing).toMatchObject({ found: false, reason: 'not found' });
  });

  it.concurrent('what a Go BatchWriter sends is frames of PUTs that verify, byte for byte as we encode them', async ({ expect }) => {
    await using peer = await WirePeer.open();
    await using writer = await GoNode.start({ edges: [peer.address] });
    await writer.waitForPeers(1);
    const batch = { count: 300, prefix: 'from Go ', valueSize: 400 };
    const { publicKey: goAuthor } = await writer.batch(batch);
    await expect.poll(() => peer.finishedStreams).toBe(1);

    const decoder = new FrameDecoder();
    const puts = new Map<string, Put>();
    for (const chunk of peer.streams[0]!) {
      for (const bytes of decoder.push(chunk)) {
        const message = tryDecodeMessage(bytes);
        if (typeof message === 'string' || message.op !== 'put') throw new Error(`not a PUT: ${JSON.stringify(message)}`);
        expect(encodeMessage(message)).toEqual(Uint8Array.from(bytes));
        puts.set(message.entry.dat.key, message);
      }
    }
    expect(decoder.pendingBytes).toBe(0);
    expect(puts.size).toBe(batch.count);
    const target = peerIdOf(goAuthor);
    const byDistance = [writer.id, peerIdOf(peer.keyPair.publicKey)].toSorted((a, b) => (distance(a, target) < distance(b, target) ? -1 : 1));
    for (const [key, { entry }] of puts) {
      expect(entry.replicas).toEqual(byDistance);
      expect(entry.dat.value).toEqual(seriesValue(key, batch.valueSize));
      expect(await verifyDat(entry.dat, { now: Date.now() })).toEqual({ valid: true });
    }
  });

  it('a dat put over UDP is served as it was signed', async () => {
    const wanted = await dat('over UDP', seriesValue('over UDP', MAX_PACKET - 200 - 'over UDP'.length));
    const bytes = encodeMessage(put(wanted));
    expect(bytes.length).toBe(MAX_PACKET);
    peer.sendBytes(bytes, go.port);
    await untilStored(wanted);
    expect(await go.get(publicKey, wanted.key)).toMatchObject({ found: true, entry: { value: wanted.value, timeMs: wanted.time } });
  });

  it('dats put over TCP are served, however the stream is cut', async () => {
    const dats = await Promise.all(Array.from({ length: 40 }, (_, i) => dat(`over TCP ${i}`)));
    const stream = framesOf(dats.map(put));
    const cuts = [0, 1, 2, 3, 300, 301, 5000, stream.length];
    await peer.stream(go.port, cuts.slice(1).map((cut, i) => stream.subarray(cuts[i], cut)));
    for (const wanted of dats) await untilStored(wanted);
  });

  it('the extension block is ignored after PING, PUT, GET, GETMYADDRPORT, and in frames', async () => {
    const challenge = createChallenge(systemRandom);
    peer.send({ ...ping(challenge), extensions: { ...extensions, target: 5n } }, go.port);
    const pong = await peer.receive('pong', ({ solution }) => Buffer.compare(solution.challenge, challenge) === 0);
    expect(await verifySolution(pong.message.solution, challenge)).toBe(true);

    const overUdp = await dat('extended over UDP');
    peer.send({ ...put(overUdp), extensions }, go.port);
    await untilStored(overUdp);

    const overTcp = await dat('extended over TCP');
    await peer.stream(go.port, [framesOf([{ op: 'get-my-addr-port', extensions }, { ...put(overTcp), extensions }])]);
    await untilStored(overTcp);

    expect((await ask(overUdp.key, { extensions })).entry.dat).toEqual(overUdp);

    peer.send({ op: 'get-my-addr-port', extensions }, go.port);
    expect((await peer.receive('get-my-addr-port-ack')).message.addrPort.port).toBe(peer.port);
  });

  it('a not-found echoes author and key, and its time means nothing', async () => {
    peer.send({ op: 'get', publicKey, key: 'no such key' }, go.port);
    const { message, bytes } = await peer.receive('get-ack');
    expect(isNotFound(message.entry)).toBe(true);
    expect(message.entry).toEqual(notFoundEntry(publicKey, 'no such key'));
    // Op, entry length, replicas, dat length; then Go's zero time, wrapped.
    expect(Buffer.from(bytes).readBigUInt64LE(1 + 2 + 40 + 2)).toBe(18446737278344972745n);
  });

  it('PUT_ACK is ignored, as a packet and as a frame', async () => {
    const wanted = await dat('behind a PUT_ACK');
    const ack = {
      op: 'put-ack',
      storeKey: storeKey(publicKey, wanted.key),
      signaturePrefix: wanted.signature.subarray(0, 8),
      code: 0,
      extensions: { requestId: 9n },
    } as const;
    const { usedSpace } = await go.status();
    peer.send(ack, go.port);
    await peer.stream(go.port, [framesOf([ack, put(wanted), ack])]);
    await untilStored(wanted);
    expect((await go.status()).usedSpace).toBe(usedSpace + 224 + wanted.key.length + wanted.value.length);
  });

  it('a dat from the future is refused, one of two seconds ago is not', async () => {
    await using strict = await GoNode.start();
    const future = await dat('time', seriesValue('early', 10), Date.now() + 60_000);
    peer.send(put(future), strict.port);
    await expect.poll(() => strict.stderr).toContain('verification failed: time is invalid');
    expect((await strict.status()).usedSpace).toBe(0);
    const now = Date.now();
    // An author's times only grow: another one has not been ahead.
    const ours = await createDat({ privateKey: generateKeyPair().privateKey, key: 'time', value: seriesValue('due', 10) });
    expect(ours.time).toBeLessThanOrEqual(Date.now() - 2000);
    expect(ours.time).toBeGreaterThanOrEqual(now - 2000);
    peer.send(put(ours), strict.port);
    await expect.poll(async () => (await strict.status()).usedSpace).toBe(224 + 4 + 10);
  });
});

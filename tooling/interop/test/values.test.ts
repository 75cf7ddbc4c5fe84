import { createDat, generateKeyPair } from '@p2p/dave-wire';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DavePeer } from '../src/dave-peer.ts';
import { GoNode } from '../src/go-node.ts';
import { describeWithGo } from './describe-with-go.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describeWithGo('values in a network of both kinds', () => {
  let ours: DavePeer;
  let client: DavePeer;
  let go: GoNode;
  let otherGo: GoNode;

  beforeAll(async () => {
    ours = await DavePeer.open();
    [go, otherGo] = await Promise.all([GoNode.start({ edges: [ours.address] }), GoNode.start({ edges: [ours.address] })]);
    client = await DavePeer.open({ mode: 'client', edges: [ours.address, go.address, otherGo.address] });
    await Promise.all([
      ours.node.waitForActivePeers(2, { timeoutMs: 20_000 }),
      client.node.waitForActivePeers(3),
      go.waitForPeers(2),
      otherGo.waitForPeers(2),
    ]);
  });

  afterAll(async () => {
    await Promise.all([client, ours, go, otherGo].map((node) => node?.close()));
  });

  it('put by ours are on every Go replica when put says so, and a Go node’s Get returns them', async () => {
    const value = bytes('välue ✓');
    const result = await ours.node.put('ours', value, { minAcks: 3, difficulty: 12 });
    expect(new Map(result.replicas.map(({ id, outcome }) => [id, outcome]))).toEqual(
      new Map([ours.node.id, go.id, otherGo.id].map((id) => [id, 'stored'])),
    );
    const { time: timeMs, salt, work, signature, publicKey, key } = result.dat;
    const replicas = [...result.replicas.map(({ id }) => id), 0n, 0n];
    for (const node of [go, otherGo]) {
      const got = await node.get(publicKey, key);
      expect(got).toMatchObject({ found: true, entry: { timeMs, salt, work, signature, publicKey, key, value, replicas } });
    }
  });

  it('put by Go are returned by ours: stored, and asked for', async () => {
    const put = await go.put('Go’s', bytes('from Go'));
    await expect.poll(() => ours.node.localEntry(go.publicKey, put.key)?.dat.value).toEqual(put.value);
    for (const { node } of [ours, client]) {
      const got = await node.get(go.publicKey, put.key, { mode: 'latest' });
      expect(got).toMatchObject({ found: true, entry: { dat: { key: put.key, value: put.value, time: put.timeMs, signature: put.signature } } });
    }
  });

  it('of the largest size go both ways', async () => {
    const key = 'largest';
    const largest = new Uint8Array(1224 - key.length).fill(7);
    const { acks } = await ours.node.put(key, largest, { minAcks: 3 });
    expect(acks).toBe(3);
    expect(await go.get(ours.node.publicKey, key)).toMatchObject({ found: true, entry: { value: largest } });
    await go.put(key, largest);
    expect(await client.node.get(go.publicKey, key)).toMatchObject({ found: true, entry: { dat: { value: largest } } });
    await expect(ours.node.put(key, new Uint8Array(largest.length + 1))).rejects.toMatchObject({ code: 'NODE_TOO_LARGE' });
  });

  it('that nobody has are not found, and Go’s not-founds are answers', async () => {
    const result = await client.node.get(go.publicKey, 'nobody has this');
    expect(result).toEqual({ found: false, asked: 3, answered: 3 });
    expect(await go.get(ours.node.publicKey, 'nobody has this')).toMatchObject({ found: false, reason: 'not found' });
  });

  it('are replaced by newer ones, whoever writes them, and never by older ones', async () => {
    const author = generateKeyPair();
    const { publicKey, privateKey } = author;
    const key = 'updated';
    const nowMs = Date.now();
    const write = async (text: string, time: number): Promise<void> => {
      const result = await ours.node.putDat(await createDat({ privateKey, key, value: bytes(text), time }), { minAcks: 3 });
      expect(result.acks).toBe(3);
    };
    const goWrites = (text: string, timeMs: number) => go.put(key, bytes(text), { timeMs, authorSeed: privateKey });
    const everywhere = async (text: string): Promise<void> => {
      const value = bytes(text);
      for (const node of [go, otherGo]) {
        await expect.poll(async () => node.get(publicKey, key)).toMatchObject({ entry: { value } });
      }
      await expect.poll(() => ours.node.localEntry(publicKey, key)?.dat.value).toEqual(value);
      expect(await client.node.get(publicKey, key, { mode: 'latest' })).toMatchObject({ found: true, entry: { dat: { value } } });
    };

    await write('first, ours', nowMs - 5000);
    await everywhere('first, ours');
    await goWrites('second, Go’s', nowMs - 4000);
    await everywhere('second, Go’s');
    await write('third, ours', nowMs - 3000);
    await everywhere('third, ours');

    await expect(goWrites('older, Go’s', nowMs - 3500)).rejects.toMatchObject({ code: 'INTEROP_REFUSED', message: /existing data is newer/ });
    await expect(write('older, ours', nowMs - 3500)).rejects.toMatchObject({ code: 'NODE_NEWER_EXISTS' });
    // A client has no copy of its own to compare with: the replicas tell it.
    const older = await createDat({ privateKey, key, value: bytes('older, a client’s'), time: nowMs - 3500 });
    const { replicas, acks } = await client.node.putDat(older);
    expect({ acks, outcomes: replicas.map(({ outcome }) => outcome) }).toEqual({ acks: 0, outcomes: ['newer', 'newer', 'newer'] });
    await everywhere('third, ours');
  });

  it('that a Go node holds are served when ours challenges it for them', async () => {
    // What a storage challenge does: ask a peer for one entry out of those that it should hold.
    await using alone = await GoNode.start();
    await using writer = await DavePeer.open({ mode: 'client', edges: [alone.address] });
    await using challenger = await DavePeer.open({ mode: 'client', edges: [alone.address] });
    await Promise.all([writer, challenger].map(({ node }) => node.waitForActivePeers(1)));
    const keys = Array.from({ length: 50 }, (_, i) => `held ${i}`);
    await Promise.all(keys.map((key) => writer.node.put(key, bytes(key), { minAcks: 1 })));
    for (const key of keys) {
      const got = await challenger.node.get(writer.node.publicKey, key, { timeoutMs: 1000 });
      expect(got).toMatchObject({ found: true, source: alone.id, entry: { dat: { value: bytes(key) } } });
    }
  });
});

describeWithGo('a put to Go nodes alone', () => {
  it('says which of them has the dat, and which has not', async () => {
    await using roomy = await GoNode.start();
    await using full = await GoNode.start({ shardCapacity: 100 });
    await using client = await DavePeer.open({ mode: 'client', edges: [roomy.address, full.address] });
    await client.node.waitForActivePeers(2);
    const { replicas, acks } = await client.node.put('honest', bytes('value'), { timeoutMs: 4000 });
    expect(acks).toBe(1);
    expect(new Map(replicas.map(({ id, outcome }) => [id, outcome]))).toEqual(
      new Map([
        [roomy.id, 'stored'],
        [full.id, 'unconfirmed'],
      ]),
    );
    await expect(client.node.put('honest', bytes('value'), { minAcks: 2, timeoutMs: 4000 })).rejects.toMatchObject({
      code: 'NODE_NOT_ENOUGH_ACKS',
      result: { acks: 1 },
    });
    expect((await full.status()).usedSpace).toBe(0);
  });
});

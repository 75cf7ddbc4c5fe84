import { generateKeyPair } from '@p2p/dave-wire';
import { expect, it } from 'vitest';
import { DavePeer, seriesBytes, seriesDats } from '../src/dave-peer.ts';
import { GoNode, seriesValue } from '../src/go-node.ts';
import { describeWithGo } from './describe-with-go.ts';

const COUNT = 20_000;
const VALUE_SIZE = 64;
/** Of one reader of ours; a Go node must not have more than 64 at once, and takes 16. */
const READS_AT_ONCE = 256;
const LIMIT_MS = 120_000;

describeWithGo('20 000 dats in a batch', () => {
  it('from Go are all stored and readable on ours, and a client of ours reads each from the two of them', async () => {
    await using ours = await DavePeer.open();
    await using go = await GoNode.start({ edges: [ours.address] });
    await go.waitForPeers(1);
    const batch = { count: COUNT, prefix: 'Go ', valueSize: VALUE_SIZE };
    const { publicKey } = await go.batch(batch);
    await untilUsed(() => ours.node.usedSpace, seriesBytes(batch));
    expect(await readAll(ours, publicKey, batch)).toEqual({ right: COUNT, sources: new Set(['local']) });

    await using client = await DavePeer.open({ mode: 'client', edges: [ours.address, go.address] });
    await client.node.waitForActivePeers(2);
    const read = await readAll(client, publicKey, batch);
    expect(read.right).toBe(COUNT);
    for (const source of read.sources) expect([ours.node.id, go.id]).toContain(source);
  }, LIMIT_MS);

  it('from ours are all readable on Go, and another Go node gets them from the network', async () => {
    await using go = await GoNode.start();
    await using ours = await DavePeer.open({ edges: [go.address] });
    await using reader = await GoNode.start({ edges: [ours.address] });
    await Promise.all([ours.node.waitForActivePeers(1), go.waitForPeers(1)]);
    const author = generateKeyPair();
    const batch = { count: COUNT, prefix: 'ours ', valueSize: VALUE_SIZE };
    const writer = ours.node.batchWriter(author.publicKey);
    await ReadableStream.from(seriesDats(author.privateKey, batch)).pipeTo(writer.writable);
    const report = await writer.close();
    expect(report).toMatchObject({ written: COUNT, failed: 0 });
    const atGo = report.replicas.find(({ id }) => id === go.id)!;
    // A Go node says nothing: our word is that it has read all of them, and that a sample was there.
    expect(atGo.outcomes).toMatchObject({ sent: COUNT, unconfirmed: 0 });
    expect(atGo.delivered).toBe(COUNT);
    expect(atGo.sampleFound).toBe(atGo.sampled);
    expect(atGo.sampled).toBeGreaterThan(0);
    await untilUsed(async () => (await go.status()).usedSpace, seriesBytes(batch));
    const { publicKey } = author;
    expect(await go.getMany({ ...batch, publicKey })).toMatchObject({ found: COUNT, missing: [], wrongValue: 0 });

    // The reader joined too late to be written to.
    await reader.waitForPeers(1);
    const some = { ...batch, count: 2000 };
    expect(await reader.getMany({ ...some, publicKey })).toMatchObject({ found: 2000, missing: [], wrongValue: 0 });
  }, LIMIT_MS);

  it('from a client of ours over a network of Go nodes alone, and each is read back from it', async () => {
    await using first = await GoNode.start();
    await using second = await GoNode.start({ edges: [first.address] });
    await using client = await DavePeer.open({ mode: 'client', edges: [first.address, second.address] });
    await Promise.all([client.node.waitForActivePeers(2), first.waitForPeers(1)]);
    const batch = { count: COUNT, prefix: 'client ', valueSize: VALUE_SIZE };
    const writer = client.node.batchWriter(client.node.publicKey);
    await ReadableStream.from(seriesDats(client.privateKey, batch)).pipeTo(writer.writable);
    const report = await writer.close();
    expect(report).toMatchObject({ written: COUNT, acked: 0, failed: 0 });
    expect(report.replicas.map(({ id, delivered }) => [id, delivered])).toEqual(
      expect.arrayContaining([first.id, second.id].map((id) => [id, COUNT])),
    );
    for (const go of [first, second]) await untilUsed(async () => (await go.status()).usedSpace, seriesBytes(batch));
    // The writer keeps what it has written; another one has to ask.
    await using reader = await DavePeer.open({ mode: 'client', edges: [first.address, second.address] });
    await reader.node.waitForActivePeers(2);
    const read = await readAll(reader, client.node.publicKey, batch);
    expect(read.right).toBe(COUNT);
    for (const source of read.sources) expect([first.id, second.id]).toContain(source);
  }, LIMIT_MS);
});

async function readAll(
  { node }: DavePeer,
  publicKey: Uint8Array,
  batch: { count: number; prefix: string; valueSize: number },
): Promise<{ right: number; sources: Set<'local' | bigint> }> {
  const sources = new Set<'local' | bigint>();
  let right = 0;
  let next = 0;
  const reader = async (): Promise<void> => {
    while (next < batch.count) {
      const key = `${batch.prefix}${next}`;
      next += 1;
      const result = await node.get(publicKey, key);
      if (!result.found) continue;
      sources.add(result.source);
      if (Buffer.compare(result.entry.dat.value, seriesValue(key, batch.valueSize)) === 0) right += 1;
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, reader));
  return { right, sources };
}

/** What goes over TCP to a Go node is stored a moment after it was read. */
async function untilUsed(used: () => number | Promise<number>, bytes: number): Promise<void> {
  await expect.poll(used, { interval: 20, timeout: 30_000 }).toBe(bytes);
}

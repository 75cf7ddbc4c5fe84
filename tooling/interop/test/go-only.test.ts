import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GoNode, seriesValue } from '../src/go-node.ts';
import { runGo, runGoMode } from '../src/go-program.ts';
import { describeWithGo } from './describe-with-go.ts';

/** What the Go node accounts for an entry beside its key and value. */
const ENTRY_OVERHEAD = 224;
const MAX_KEY_AND_VALUE = 1224;

describeWithGo('two nodes of the Go implementation', () => {
  let edge: GoNode;
  let joiner: GoNode;

  beforeAll(async () => {
    edge = await GoNode.start({ seed: new Uint8Array(32).fill(1) });
    joiner = await GoNode.start({ edges: [edge.address] });
    await Promise.all([edge.waitForPeers(1), joiner.waitForPeers(1)]);
  });

  afterAll(async () => {
    await Promise.all([edge, joiner].map((node) => node?.close()));
  });

  it('find each other, and the id is the start of the public key', async () => {
    expect((await edge.status()).activePeerCount).toBe(1);
    expect((await joiner.status()).activePeerCount).toBe(1);
    const { buffer, byteOffset } = edge.publicKey;
    expect(edge.id).toBe(new DataView(buffer, byteOffset).getBigUint64(0, true));
  });

  it('exchange a value of the largest size', async () => {
    const key = 'a key with ünïcode';
    const size = MAX_KEY_AND_VALUE - Buffer.byteLength(key);
    const put = await joiner.put(key, seriesValue(key, size));
    await untilUsed(edge, ENTRY_OVERHEAD + MAX_KEY_AND_VALUE);
    const got = await edge.get(joiner.publicKey, key);
    // The author's own node is the closest to its key.
    const replicas = [joiner.id, edge.id, 0n, 0n, 0n];
    expect(got).toMatchObject({ found: true, entry: { ...put, replicas } });
    await expect(joiner.put(key, new Uint8Array(size + 1))).rejects.toMatchObject({ code: 'INTEROP_REFUSED' });
  });

  it('report a key that nobody holds', async () => {
    expect(await edge.get(edge.publicKey, 'no such key')).toMatchObject({ found: false, reason: 'not found' });
  });

  it('pass a batch on, every byte of it', async () => {
    const { usedSpace } = await edge.status();
    const batch = { count: 500, prefix: 'batch-', valueSize: 100, authorSeed: new Uint8Array(32).fill(7) };
    const { publicKey } = await joiner.batch(batch);
    const { prefix, count, valueSize } = batch;
    const keyBytes = Array.from({ length: count }, (_, i) => `${prefix}${i}`.length).reduce((sum, n) => sum + n);
    await untilUsed(edge, usedSpace + count * (ENTRY_OVERHEAD + valueSize) + keyBytes);
    const result = await edge.getMany({ publicKey, prefix, count, valueSize, concurrency: 32 });
    expect(result).toMatchObject({ found: count, missing: [], wrongValue: 0 });
    const one = await edge.get(publicKey, `${prefix}42`);
    expect(one).toMatchObject({ found: true, entry: { value: seriesValue(`${prefix}42`, valueSize) } });
    const wrong = await edge.getMany({ publicKey, prefix, count: 3, valueSize: valueSize - 1 });
    expect(wrong.wrongValue).toBe(3);
  });

  it('serve the load generators', async () => {
    const target = ['-target', edge.address, '-count', '300'];
    expect(await runGoMode('load-tcp', target)).toMatchObject({ count: 300, readable: 300 });
    const gets = await runGoMode('load-get', [...target, '-gets', '3000']);
    expect(gets).toMatchObject({ count: 3000, hits: 3000 });
  });
});

describeWithGo('one node of the Go implementation', () => {
  it('keeps what it was given in its backup', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'go-backup-'));
    try {
      const backupFilename = join(folder, 'backup');
      const seed = new Uint8Array(32).fill(3);
      {
        await using peer = await GoNode.start();
        await using writer = await GoNode.start({ seed, backupFilename, edges: [peer.address] });
        await writer.waitForPeers(1);
        await writer.put('kept', Uint8Array.of(1, 2, 3));
        await writer.kill();
        await expect(writer.status()).rejects.toMatchObject({ code: 'INTEROP_REFUSED' });
      }
      await using reader = await GoNode.start({ seed, backupFilename });
      const got = await reader.get(reader.publicKey, 'kept');
      expect(got).toMatchObject({ found: true, entry: { value: Uint8Array.of(1, 2, 3) } });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('that crashes is noticed: by what waits, by what comes after, and by close', async () => {
    const node = await GoNode.start();
    const waiting = expect(node.waitForPeers(1)).rejects.toMatchObject({
      code: 'INTEROP_CRASHED',
      message: expect.stringContaining('panic: runtime error'),
    });
    await sendUdp(node.port, Uint8Array.of(0));
    await waiting;
    await expect(node.status()).rejects.toMatchObject({ code: 'INTEROP_CRASHED' });
    await expect(node.close()).rejects.toMatchObject({ code: 'INTEROP_CRASHED' });
    const exit = await node.waitForExit();
    expect(exit.code).toBe(2);
    await node.close();
  });

  it('refuses what it cannot do, with a reason', async () => {
    await expect(GoNode.start({ listen: '127.0.0.1:0' })).rejects.toThrow(/IPv6/);
    await expect(GoNode.start({ seed: new Uint8Array(31) })).rejects.toThrow(/32 bytes/);
    await expect(GoNode.start({ backupFilename: '/no/such/folder/backup' })).rejects.toThrow(/must exist/);
    await using node = await GoNode.start();
    await expect(node.put('alone', new Uint8Array(1))).rejects.toThrow(/no active peers/);
    await expect(node.waitForPeers(1, 50)).rejects.toThrow(/0 of 1 peers/);
  });
});

describeWithGo('the Go program', () => {
  it('passes its own checks', async () => {
    await runGo(['vet', './...']);
    expect(await runGo(['test', '-count=1', './...'])).toMatch(/^ok/);
  }, 180_000);

  it('runs the released version of the Go implementation', async () => {
    expect(await runGoMode('version')).toMatchObject({ godave: 'v0.0.51' });
  });

  it('measures work and codec', async () => {
    const pow = await runGoMode('bench-pow', ['-duration', '50ms']);
    expect(pow.hashes).toBeGreaterThan(0);
    expect(pow.nsPerHash * pow.mhashPerSec).toBeCloseTo(1000, 0);
    const codec = await runGoMode('bench-codec', ['-duration', '50ms']);
    expect(codec.put.map(({ valueSize, bytes }) => [valueSize, bytes])).toEqual([
      [19, 235],
      [1024, 1240],
    ]);
  });

  it('names what is wrong with its arguments', async () => {
    await expect(runGoMode('load-tcp', ['-target', 'nowhere'])).rejects.toMatchObject({ code: 'INTEROP_MODE_FAILED' });
  });
});

/** What goes over TCP is stored a moment after the writer has flushed it. */
async function untilUsed(node: GoNode, bytes: number): Promise<void> {
  await expect.poll(async () => (await node.status()).usedSpace, { interval: 10, timeout: 10_000 }).toBe(bytes);
}

async function sendUdp(port: number, packet: Uint8Array): Promise<void> {
  const socket = createSocket('udp6');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.send(packet, port, '::1', (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    socket.close();
  }
}

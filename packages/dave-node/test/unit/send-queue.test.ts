import { tryDecodeMessage, type AddrPort, type Message } from '@p2p/dave-wire';
import { SeededRandom } from '@p2p/testkit';
import { describe, expect, test } from 'vitest';
import { SendQueue } from '../../src/io/send-queue.ts';

const to: AddrPort = { address: '192.0.2.1', port: 1 };

function numbered(id: number): Message {
  return { op: 'get', publicKey: new Uint8Array(32).fill(id), key: 'k'.repeat(id % 200), extensions: { requestId: BigInt(id) } };
}

describe('SendQueue', () => {
  test('bytes stay as they are until the socket is done with them, in whatever order it is', () => {
    const random = new SeededRandom('send queue');
    const held: { bytes: Uint8Array; id: number; done: (error: Error | null) => void }[] = [];
    let next = 0;
    const queue = new SendQueue(
      (bytes, _to, done) => held.push({ bytes, id: next++, done }),
      (error) => {
        throw error;
      },
    );
    const release = (): void => {
      const [datagram] = held.splice(random.integer(held.length), 1);
      expect(tryDecodeMessage(datagram!.bytes)).toEqual(numbered(datagram!.id));
      datagram!.done(null);
    };
    for (let id = 0; id < 20_000; id++) {
      expect(queue.push(numbered(id), to)).toBe(true);
      if (id % 64 === 63) queue.flush();
      // Some hundred are under way at any time, hence several slabs.
      while (held.length > 1500) release();
    }
    queue.flush();
    while (held.length > 0) release();
    expect(next).toBe(20_000);
    expect(queue.dropped).toBe(0);
  });

  test('a socket that takes nothing any more costs 4 MiB; the rest is dropped and counted', () => {
    const stuck: ((error: Error | null) => void)[] = [];
    let heldBytes = 0;
    const errors: Error[] = [];
    const queue = new SendQueue(
      (bytes, _to, done) => {
        heldBytes += bytes.length;
        stuck.push(done);
      },
      (error) => errors.push(error),
    );
    let accepted = 0;
    for (let id = 0; id < 100_000; id++) if (queue.push(numbered(199), to)) accepted += 1;
    queue.flush();
    expect(heldBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(heldBytes).toBeGreaterThan(3.9 * 1024 * 1024);
    expect(queue.dropped).toBe(100_000 - accepted);
    // It works again when the socket does; what it refused is reported.
    for (const [index, done] of stuck.entries()) done(index === 0 ? new Error('refused') : null);
    expect(queue.push(numbered(1), to)).toBe(true);
    queue.flush();
    expect([queue.failed, errors.length]).toEqual([1, 1]);
  });

  test('what cannot be encoded throws and leaves the queue as it was', () => {
    const sent: Uint8Array[] = [];
    const queue = new SendQueue((bytes) => sent.push(bytes), () => {});
    queue.push(numbered(1), to);
    expect(() => queue.push({ op: 'get', publicKey: new Uint8Array(31), key: '' }, to)).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
    queue.push(numbered(2), to);
    queue.flush();
    expect(sent.map((bytes) => tryDecodeMessage(bytes))).toEqual([numbered(1), numbered(2)]);
  });

  test('is emptied at the end of the turn, without being told', async () => {
    let sent = 0;
    const queue = new SendQueue(() => (sent += 1), () => {});
    queue.push(numbered(1), to);
    queue.push(numbered(2), to);
    expect(sent).toBe(0);
    await new Promise(setImmediate);
    expect(sent).toBe(2);
  });
});

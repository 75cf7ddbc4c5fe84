import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { bind as bindEndpoint, type Bound } from './bound-endpoint.ts';
import { sampleMessages } from './sample-messages.ts';

const open: Bound[] = [];

async function bind(listen: string): Promise<Bound> {
  const bound = await bindEndpoint(listen);
  open.push(bound);
  return bound;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((bound) => bound.endpoint.close()));
});

describe.each(['127.0.0.1', '[::1]'])('datagrams on %s', (host) => {
  test('every message arrives as it was sent', async () => {
    const [a, b] = [await bind(`${host}:0`), await bind(`${host}:0`)];
    for (const message of sampleMessages) a.endpoint.send(message, b.endpoint.address);
    await b.until(() => b.packets.length === sampleMessages.length);
    expect(b.packets.map(({ message }) => message)).toEqual(sampleMessages);
    for (const { from } of b.packets) expect(from).toEqual(a.endpoint.address);
    expect(b.packets.at(-1)!.sizeBytes).toBe(1424);
    expect([...a.errors, ...b.errors, ...b.malformed]).toEqual([]);
  });

  test('1000 concurrent datagrams are answered', async () => {
    const [a, b] = [await bind(`${host}:0`), await bind(`${host}:0`)];
    const wanted = new Set<bigint>();
    let answered = 0;
    for (let id = 0n; id < 1000n; id++) {
      wanted.add(id);
      a.endpoint.send({ op: 'get-my-addr-port', extensions: { requestId: id } }, b.endpoint.address);
    }
    while (answered < 1000) {
      await b.until(() => b.packets.length > answered);
      for (const { message, from } of b.packets.slice(answered)) b.endpoint.send(message, from);
      answered = b.packets.length;
    }
    await a.until(() => a.packets.length === 1000);
    for (const { message } of a.packets) if (message.op === 'get-my-addr-port') wanted.delete(message.extensions!.requestId!);
    expect(wanted.size).toBe(0);
    expect(a.endpoint.unsent).toEqual({ dropped: 0, failed: 0 });
  });

  test('an empty datagram and garbage are malformed, not fatal', async () => {
    const b = await bind(`${host}:0`);
    const raw = createSocket(host === '[::1]' ? 'udp6' : 'udp4');
    for (const bytes of [new Uint8Array(0), new Uint8Array([4]), new Uint8Array([200, 1]), new Uint8Array(1500)]) {
      raw.send(bytes, b.endpoint.address.port, b.endpoint.address.address);
      await b.until(() => b.malformed.at(-1)?.sizeBytes === bytes.length);
    }
    raw.close();
    expect(b.malformed.map(({ code }) => code)).toEqual(['WIRE_EMPTY', 'WIRE_TRUNCATED', 'WIRE_UNKNOWN_OP', 'WIRE_TOO_LONG']);
  });
});

describe('dual stack', () => {
  test('[::] serves IPv4 and IPv6; IPv4 peers appear and are answered as IPv4', async () => {
    const [both, four, six] = [await bind('[::]:0'), await bind('127.0.0.1:0'), await bind('[::1]:0')];
    const { port } = both.endpoint.address;
    four.endpoint.send({ op: 'get-my-addr-port' }, { address: '127.0.0.1', port });
    six.endpoint.send({ op: 'get-my-addr-port' }, { address: '::1', port });
    await both.until(() => both.packets.length === 2);
    expect(both.packets.map(({ from }) => from)).toEqual(expect.arrayContaining([four.endpoint.address, six.endpoint.address]));
    for (const { from } of both.packets) both.endpoint.send({ op: 'get-my-addr-port-ack', addrPort: from }, from);
    await Promise.all([four.until(() => four.packets.length === 1), six.until(() => six.packets.length === 1)]);
    expect(four.packets[0]!.from).toEqual({ address: '127.0.0.1', port });
    expect(four.packets[0]!.message).toEqual({ op: 'get-my-addr-port-ack', addrPort: four.endpoint.address });
    expect(six.packets[0]!.message).toEqual({ op: 'get-my-addr-port-ack', addrPort: six.endpoint.address });
  });
});

describe('what cannot be sent', () => {
  test('unreachable ports, impossible addresses and messages end nothing', async () => {
    const [a, b] = [await bind('127.0.0.1:0'), await bind('127.0.0.1:0')];
    const gone = await bindEndpoint('127.0.0.1:0');
    await gone.endpoint.close();
    for (let round = 0; round < 20; round++) a.endpoint.send({ op: 'get-my-addr-port' }, gone.endpoint.address);
    a.endpoint.send({ op: 'get-my-addr-port' }, { address: '::1', port: 9 });
    a.endpoint.send({ op: 'get-my-addr-port' }, { address: '127.0.0.1', port: 0 });
    a.endpoint.send({ op: 'get', publicKey: new Uint8Array(3), key: '' }, b.endpoint.address);
    a.endpoint.send({ op: 'get-my-addr-port' }, b.endpoint.address);
    await Promise.all([b.until(() => b.packets.length === 1), a.until(() => a.errors.length === 3)]);
    expect(a.errors).toMatchObject([{ code: 'WIRE_BAD_LENGTH' }, { code: 'NODE_SEND_FAILED' }, { code: 'NODE_SEND_FAILED' }]);
    expect(a.endpoint.unsent).toEqual({ dropped: 0, failed: 2 });
  });

  test('nothing is sent after close', async () => {
    const [a, b, c] = [await bind('127.0.0.1:0'), await bind('127.0.0.1:0'), await bind('127.0.0.1:0')];
    a.endpoint.send({ op: 'get-my-addr-port', extensions: { requestId: 1n } }, b.endpoint.address);
    await a.endpoint.close();
    a.endpoint.send({ op: 'get-my-addr-port', extensions: { requestId: 2n } }, b.endpoint.address);
    await b.until(() => b.packets.length === 1);
    c.endpoint.send({ op: 'get-my-addr-port', extensions: { requestId: 3n } }, b.endpoint.address);
    await b.until(() => b.packets.length === 2);
    expect(b.packets.map(({ message }) => message.op === 'get-my-addr-port' && message.extensions?.requestId)).toEqual([1n, 3n]);
  });
});

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { SocketTransport } from '../../src/io/socket-transport.ts';
import { UdpSocket } from '../../src/io/udp-socket.ts';
import { bind } from './bound-endpoint.ts';

const never: AbortSignal = new AbortController().signal;

test('a port that is taken is refused with its own code, for UDP and for TCP', async () => {
  const first = await bind('127.0.0.1:0');
  const { port } = first.endpoint.address;
  await expect(bind(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'NODE_ADDRESS_IN_USE', message: expect.stringContaining(`UDP port ${port}`) });
  await first.endpoint.close();
  const blocker = createServer().listen(port + 1, '127.0.0.1');
  await once(blocker, 'listening');
  await expect(bind(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'NODE_ADDRESS_IN_USE', message: expect.stringContaining(`TCP port ${port + 1}`) });
  blocker.close();
  await once(blocker, 'close');
  // The UDP port was released again by the attempt that failed.
  const second = await bind(`127.0.0.1:${port}`);
  await second.endpoint.close();
});

test('port 0 finds pairs although half of the TCP ports are taken', async () => {
  const blockers = Array.from({ length: 40 }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(blockers.map((server) => once(server, 'listening')));
  const bounds = await Promise.all(Array.from({ length: 40 }, () => bind('127.0.0.1:0')));
  const taken = new Set(blockers.map((server) => (server.address() as AddressInfo).port));
  for (const { endpoint } of bounds) {
    expect(endpoint.address.port).toBeLessThan(65_535);
    expect(taken.has(endpoint.address.port + 1)).toBe(false);
  }
  for (const server of blockers) server.close();
  await Promise.all(bounds.map(({ endpoint }) => endpoint.close()));
});

test('what is no listen address is refused with what to write instead', async () => {
  for (const listen of ['4127', 'localhost', '::1:4127', '[::1]', '127.0.0.1:65535', '127.0.0.1:-1', '[::1]:70000', '']) {
    await expect(bind(listen)).rejects.toMatchObject({ code: 'NODE_LISTEN_FAILED' });
  }
  await expect(bind('192.0.2.1:0')).rejects.toMatchObject({ code: 'NODE_LISTEN_FAILED' });
});

test('a host name stands for its address', async () => {
  const bound = await bind('localhost:0');
  expect(['127.0.0.1', '::1']).toContain(bound.endpoint.address.address);
  await bound.endpoint.close();
});

test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('a host without IPv6 (%s) serves IPv4 where both were asked for, and refuses an IPv6 address', async (code) => {
  const { bind: bindUdp } = UdpSocket;
  vi.spyOn(UdpSocket, 'bind').mockImplementation(async (options, handlers) => {
    if (options.address.includes(':')) throw Object.assign(new Error('no IPv6 here'), { code });
    return await bindUdp(options, handlers);
  });
  const bound = await bind('[::]:0');
  expect(bound.endpoint.address.address).toBe('0.0.0.0');
  bound.endpoint.send({ op: 'get-my-addr-port' }, { address: '127.0.0.1', port: bound.endpoint.address.port });
  await bound.until(() => bound.packets.length === 1);
  await bound.endpoint.close();
  await expect(bind('[::1]:0')).rejects.toMatchObject({ code: 'NODE_LISTEN_FAILED' });
});

test('names and literals are resolved, each address once and in canonical form', async () => {
  const transport = new SocketTransport();
  expect(await transport.resolve('::ffff:192.0.2.1', never)).toEqual(['192.0.2.1']);
  expect(await transport.resolve('2001:DB8:0::1', never)).toEqual(['2001:db8::1']);
  const local = await transport.resolve('localhost', never);
  expect(new Set(local).size).toBe(local.length);
  expect(local.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
  await expect(transport.resolve('does-not-exist.invalid', never)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED' });
  await expect(transport.resolve('localhost', AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});

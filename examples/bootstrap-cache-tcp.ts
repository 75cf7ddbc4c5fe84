// A plain TCP program that remembers its peers: the first run has to try many, the run after a restart knows which answer.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BootstrapCache } from '@p2p/bootstrap-cache';

/** Dials one address and says how long the handshake took; undefined when nobody answers. */
async function dial(address: string): Promise<number | undefined> {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const start = performance.now();
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return performance.now() - start;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** What a program does when it starts: it dials until it has three connections. */
async function run(dir: string, gossip: readonly (readonly [id: string, address: string])[]): Promise<void> {
  const cache = await BootstrapCache.open({ dir, network: 'example' });
  try {
    for (const [id, address] of gossip) cache.add(id, [address]);
    const connected: string[] = [];
    let failures = 0;
    for (const peer of cache.selectPeers(20)) {
      if (connected.length === 3) break;
      const [address] = peer.addresses as [string];
      const rttMs = await dial(address);
      if (rttMs === undefined) {
        cache.recordFailure(peer.id, { reason: 'refused' });
        failures += 1;
      } else {
        cache.recordSuccess(peer.id, { rttMs, address });
        connected.push(peer.id);
      }
    }
    console.log(`connected to ${connected.join(', ')} after ${failures} failures; ${cache.size} peers known`);
  } finally {
    // Saves as well.
    await cache.close();
  }
}

const dir = await mkdtemp(join(tmpdir(), 'bootstrap-cache-tcp-'));
const servers: Server[] = [];
try {
  const gossip: [string, string][] = [];
  for (let index = 0; index < 12; index++) {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    gossip.push([`peer-${index}`, `127.0.0.1:${(server.address() as AddressInfo).port}`]);
    // Two of three are gone by the time that somebody dials them.
    if (index % 3 === 2) servers.push(server);
    else server.close();
  }
  await run(dir, gossip);
  console.log('restart');
  await run(dir, []);
} finally {
  for (const server of servers) server.close();
  await rm(dir, { recursive: true });
}

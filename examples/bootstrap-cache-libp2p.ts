// The cache with libp2p's peer ids and multiaddrs: relays for a target, one dead listen address, picks from many networks.
import { BootstrapCache, type CachedPeer } from '@p2p/bootstrap-cache';

const PEERS: readonly { id: string; multiaddrs: string[]; relay: boolean }[] = [
  { id: '12D3KooWExampleRelayDualStack', multiaddrs: ['/ip4/203.0.113.10/udp/4001/quic-v1', '/ip6/2001:db8:10::1/udp/4001/quic-v1'], relay: true },
  { id: '12D3KooWExampleRelayIpv4', multiaddrs: ['/ip4/198.51.100.20/tcp/4001'], relay: true },
  { id: '12D3KooWExampleBootstrap', multiaddrs: ['/dnsaddr/bootstrap.example.net'], relay: false },
  { id: '12D3KooWExampleHome', multiaddrs: ['/ip4/192.168.1.7/tcp/4001', '/ip4/192.0.2.33/tcp/4001'], relay: false },
];

const show = (peers: readonly CachedPeer[]): string => peers.map(({ id, addresses }) => `${id.slice(15)} ${addresses[0]}`).join(', ') || 'none';

// In memory: libp2p's own peer store would be saved by the application.
const cache = await BootstrapCache.open({ persist: false, network: 'libp2p-example', epsilon: 0 });
for (const { id, multiaddrs, relay } of PEERS) {
  const result = cache.add(id, multiaddrs, { source: 'unknown', claims: { relay } });
  if (!result.ok) throw new Error(`${id} was refused: ${result.reason}`);
}
cache.addSeed('12D3KooWExampleBootstrap', ['/dnsaddr/bootstrap.example.net']);

// What `connection:open` and dial errors would report.
cache.recordSuccess('12D3KooWExampleRelayDualStack', { rttMs: 31, address: '/ip6/2001:db8:10::1/udp/4001/quic-v1', capabilities: { relay: true } });
cache.recordFailure('12D3KooWExampleRelayIpv4', { reason: 'timeout' });
cache.recordSuccess('12D3KooWExampleHome', { direction: 'inbound' });

console.log(`to dial first: ${show(cache.selectPeers(2))}`);
console.log(`relays for an IPv4 target: ${show(cache.selectRelays(2, { target: '/ip4/198.51.100.99/tcp/1' }))}`);
console.log(`relays for an IPv6 target: ${show(cache.selectRelays(2, { target: '/ip6/2001:db8:99::1/tcp/1', preferDualStack: true }))}`);
console.log(`an address that makes no sense: ${JSON.stringify(cache.add('12D3KooWExampleBroken', ['/ip4/not an address']))}`);
for (const { id, quality, qualityParts } of cache.all()) {
  console.log(`${id.slice(15).padEnd(14)} ${quality.toFixed(2)} of success ${qualityParts.success.toFixed(2)}, rtt ${qualityParts.rtt.toFixed(2)}, freshness ${qualityParts.freshness.toFixed(2)}, capabilities ${qualityParts.capabilities.toFixed(2)}`);
}
await cache.close();

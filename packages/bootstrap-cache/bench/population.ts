import type { SeededRandom } from '@p2p/testkit';
import type { PeerCache } from '../src/index.ts';

/** The number of peers that the reference's figures are for. */
export const PEERS = 30_000;

/** Fills a cache with peers as a network has them: 64-digit ids, 1 or 2 addresses, most of them tried, some relays. */
export function fillCache(cache: PeerCache, random: SeededRandom): string[] {
  const ids: string[] = [];
  while (ids.length < PEERS) {
    const id = Array.from(random.bytes(32), (byte) => byte.toString(16).padStart(2, '0')).join('');
    const ip = `${1 + random.integer(99)}.${random.integer(256)}.${random.integer(256)}.${random.integer(256)}`;
    const addresses = [`${ip}:${1024 + random.integer(60_000)}`];
    if (random.chance(0.2)) addresses.push(`[2001:db8:${random.integer(65_536).toString(16)}::${random.integer(65_536).toString(16)}]:4127`);
    const claims = random.chance(0.1) ? { relay: true, coordination: random.chance(0.5) } : undefined;
    if (!cache.add(id, addresses, { source: 'connection', claims }).ok) continue;
    ids.push(id);
    for (let dial = random.integer(8); dial > 0; dial--) {
      if (random.chance(0.2)) cache.recordFailure(id);
      else cache.recordSuccess(id, { rttMs: 20 + 300 * random.float(), ...(claims === undefined ? {} : { capabilities: { relay: true } }) });
    }
  }
  return ids;
}

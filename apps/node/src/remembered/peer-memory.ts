import { join } from 'node:path';
import { BootstrapCache, type BootstrapCacheOptions } from '@p2p/bootstrap-cache';
import type { Logger, PeerHints } from '@p2p/dave-node';

/** Picks whose key is remembered until their outcome comes in; a node picks a handful. */
const MOST_PICKED = 1024;

/** The node's hints, answered by a bootstrap cache: peers are known by their public key in hex. */
export function hintsOf(cache: BootstrapCache): PeerHints {
  const picked = new Map<string, string>();
  return {
    pick: (count) =>
      cache.selectPeers(count).flatMap(({ id, addresses }) => {
        const [address] = addresses;
        if (address === undefined) return [];
        if (picked.size >= MOST_PICKED) picked.clear();
        picked.set(address, id);
        return [{ address, publicKey: new Uint8Array(Buffer.from(id, 'hex')) }];
      }),
    outcome: ({ address, publicKey, ok, rttMs }) => {
      const id = publicKey === undefined ? picked.get(address) : Buffer.from(publicKey).toString('hex');
      if (id === undefined) return;
      if (!ok) {
        cache.recordFailure(id);
        return;
      }
      // Only who has proven its key gets here: it is worth remembering where it lives.
      cache.add(id, [address], { source: 'connection' });
      cache.recordSuccess(id, rttMs === undefined ? {} : { rttMs });
    },
  };
}

/** Opens the memory of a data directory. What cannot be read is set aside and logged; it never stops a node. */
export async function openPeerMemory(dataDir: string, logger: Logger, overrides: Partial<BootstrapCacheOptions> = {}): Promise<BootstrapCache> {
  const cache = await BootstrapCache.open({ dir: join(dataDir, 'peers'), network: 'dave', ...overrides });
  cache.on('quarantined', (event) => logger.warn('part of the remembered peers could not be used', { ...event }));
  cache.on('degraded', (event) => logger.warn('peers are remembered in memory only', { ...event }));
  return cache;
}

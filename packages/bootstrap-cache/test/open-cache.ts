import { SeededRandom, VirtualClock } from '@p2p/testkit';
import { BootstrapCache, type BootstrapCacheOptions } from '../src/index.ts';

export const HOUR = 3_600_000;
export const DAY: number = 24 * HOUR;

export interface TestCache {
  readonly cache: BootstrapCache;
  readonly clock: VirtualClock;
}

/** A cache in memory, with virtual time and seeded chance. */
export async function memoryCache(options: BootstrapCacheOptions = {}, seed: string = 'test'): Promise<TestCache> {
  const clock = new VirtualClock();
  const cache = await BootstrapCache.open({ persist: false, clock, random: new SeededRandom(seed), ...options });
  return { cache, clock };
}

/** An address in a /24 of its own for every index below 3 000 000. */
export function lonelyAddress(index: number): string {
  return `${20 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}.1:4127`;
}

/** Adds `count` peers, each in its own network. */
export function addPeers(cache: BootstrapCache, count: number, prefix: string = 'peer'): string[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `${prefix}-${index}`;
    const result = cache.add(id, [lonelyAddress(index)]);
    if (!result.ok) throw new Error(`${id} was refused: ${result.reason}`);
    return id;
  });
}

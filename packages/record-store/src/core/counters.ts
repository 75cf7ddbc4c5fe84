import type { StoreStats } from '../types.ts';
import type { Admission } from './admit.ts';

/** What a store object has done since it was opened. */
export class Counters {
  readonly puts: StoreStats['puts'] = { inserted: 0, updated: 0, refreshed: 0 };
  readonly rejected: StoreStats['rejected'] = { 'too-large': 0, 'at-capacity': 0, 'key-full': 0, quota: 0, stale: 0, conflict: 0, invalid: 0, expired: 0 };
  readonly gets: StoreStats['gets'] = { hit: 0, miss: 0 };
  readonly evicted: StoreStats['evicted'] = { expired: 0, replaced: 0 };
  swept = 0;

  admitted(admission: Admission): boolean {
    if (admission === 'inserted' || admission === 'updated' || admission === 'refreshed') {
      this.puts[admission] += 1;
      return true;
    }
    this.rejected[admission] += 1;
    return false;
  }
}

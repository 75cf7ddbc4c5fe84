import type { Settings } from '../core/settings.ts';
import type { StoredProvider } from '../core/stored.ts';

/** A key's providers in the order that was asked for; a list of its own. */
export function orderProviders(key: Uint8Array, providers: readonly StoredProvider[], order: 'stored' | 'random' | 'closest', { distance, random }: Settings): StoredProvider[] {
  switch (order) {
    case 'stored':
      return [...providers];
    case 'random': {
      const shuffled = [...providers];
      for (let at = shuffled.length - 1; at > 0; at--) {
        const other = Math.floor(random.float() * (at + 1));
        [shuffled[at], shuffled[other]] = [shuffled[other]!, shuffled[at]!];
      }
      return shuffled;
    }
    case 'closest': {
      const measured = providers.map((provider) => ({ provider, far: distance(key, provider.provider) }));
      measured.sort((one, other) => (one.far < other.far ? -1 : one.far > other.far ? 1 : 0));
      return measured.map(({ provider }) => provider);
    }
    default:
      throw new TypeError(`order must be 'stored', 'random' or 'closest', got ${String(order)}`);
  }
}

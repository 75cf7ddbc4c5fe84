import { describe, test } from 'vitest';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { cacheBackendConformance } from '@p2p/cache-backend/conformance';

describe('the local backend conforms', () => {
  cacheBackendConformance({
    test,
    makeStore: async (scratch) => ({
      open: () => LocalCacheBackend.open({ dir: `${scratch}/cache` }),
      remove: async () => {},
    }),
  });
});

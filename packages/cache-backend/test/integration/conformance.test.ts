import { describe, test } from 'vitest';
import { LocalCacheBackend } from '../../src/index.ts';
import { cacheBackendConformance } from '../../src/conformance/index.ts';

describe('the local backend conforms', () => {
  cacheBackendConformance({
    test,
    makeStore: async (scratch) => ({
      open: () => LocalCacheBackend.open({ dir: `${scratch}/cache` }),
      remove: async () => {},
    }),
  });
});

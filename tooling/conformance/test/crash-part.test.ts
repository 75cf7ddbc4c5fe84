import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import { expect, test } from 'vitest';

test('the kill -9 part fails on a store that acknowledges before it has written', async () => {
  const cases: { name: string; run: () => Promise<void> }[] = [];
  const unused = (): never => {
    throw new Error('this case opens its stores through the module');
  };
  recordStoreConformance({
    test: (name, run) => cases.push({ name, run }),
    capabilities: { durable: 'process-crash', atomic: true, shared: false },
    open: unused,
    reopen: unused,
    crash: {
      module: new URL('early-crash-module.ts', import.meta.url),
      directory: async () => {
        const path = await mkdtemp(join(tmpdir(), 'record-store-early-'));
        return { path, remove: () => rm(path, { recursive: true }) };
      },
    },
  });
  const killed = cases.find(({ name }) => name.startsWith('killed'))!;
  await expect(killed.run()).rejects.toThrow(/is lost|has version/);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MemoryRecordStore as Store } from '@p2p/record-store';
import { recordStoreConformance } from '@p2p/record-store/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleMutant, MUTANTS, type Mutant } from '../src/record-store-mutants.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'record-store-mutants-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** The names of the cases that a store with this bug fails. */
async function failures(mutant: Mutant | undefined): Promise<string[]> {
  const path = join(directory, `${mutant === undefined ? 'sound' : MUTANTS.indexOf(mutant)}.mjs`);
  await writeFile(path, await bundleMutant(mutant));
  const { MemoryRecordStore } = (await import(pathToFileURL(path).href)) as { MemoryRecordStore: typeof Store };
  const cases: { name: string; run: () => Promise<void> }[] = [];
  recordStoreConformance({
    test: (name, run) => cases.push({ name, run }),
    open: async (options) => new MemoryRecordStore(options),
    capabilities: { durable: 'no', atomic: true, shared: false },
    // The histories find most bugs by themselves; here the cases that name them are to do so.
    fuzzRuns: 0,
  });
  const failed: string[] = [];
  for (const { name, run } of cases) await run().catch(() => failed.push(name));
  return failed;
}

describe('the conformance suite of the record store', () => {
  test('passes the store as it is', async () => {
    expect(await failures(undefined)).toEqual([]);
  });

  test.each(MUTANTS)('fails when $name', async (mutant) => {
    expect(await failures(mutant)).not.toEqual([]);
  });
});

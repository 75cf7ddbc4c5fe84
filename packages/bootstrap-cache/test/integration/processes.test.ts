import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BootstrapCache } from '../../src/index.ts';
import { runChild } from './child.ts';
import { temporaryDirectory } from './temporary-directory.ts';

// The long form: BOOTSTRAP_CACHE_LONG=1, eight processes for ten seconds each way.
const isLong = process.env['BOOTSTRAP_CACHE_LONG'] !== undefined;
const PROCESSES = isLong ? 8 : 4;
const DURATION_MS = isLong ? 10_000 : 1_500;

interface Report {
  own: number;
  saves: number;
  counts: { successes: number; failures: number }[];
}

test.each([
  ['with the operating system\'s locks', () => false],
  ['with leases alone', () => true],
  ['half of them with leases alone', (index: number) => index % 2 === 0],
])('processes that write at once lose no peer and no count, %s', async (_, withoutOsLocks) => {
  const dir = await temporaryDirectory();
  const results = await Promise.all(Array.from({ length: PROCESSES }, (__, index) => runChild('hammer.ts', [dir, index, DURATION_MS], withoutOsLocks(index))));
  for (const { code, stderr } of results) expect(code, stderr).toBe(0);
  const reports = results.map(({ stdout }) => JSON.parse(stdout) as Report);
  const quarantined: unknown[] = [];
  const cache = await BootstrapCache.open({ dir, maxPeers: 30_000 });
  cache.on('quarantined', (event) => quarantined.push(event));
  for (const [index, { own }] of reports.entries()) {
    const missing = Array.from({ length: own }, (__, at) => `own-${index}-${at}`).filter((id) => !cache.has(id));
    expect(missing).toEqual([]);
  }
  for (let peer = 0; peer < 40; peer++) {
    const expected = { successes: 0, failures: 0 };
    for (const { counts } of reports) {
      expected.successes += counts[peer]!.successes;
      expected.failures += counts[peer]!.failures;
    }
    if (expected.successes + expected.failures === 0) continue;
    expect(cache.get(`shared-${peer}`)!.stats).toMatchObject(expected);
    expect(cache.get(`shared-${peer}`)!.addresses.length).toBeLessThanOrEqual(8);
  }
  expect(cache.size).toBeGreaterThan(reports.reduce((sum, { own }) => sum + own, 0));
  expect(quarantined).toEqual([]);
  // A process that starves never comes to this many, and the test never ends.
  expect(Math.min(...reports.map(({ saves }) => saves))).toBeGreaterThan(2);
  expect((await readdir(dir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  process.stdout.write(`    ${PROCESSES} processes, ${reports.reduce((sum, { saves }) => sum + saves, 0)} saves, ${cache.size} peers\n`);
}, 120_000);

import { crc32 } from 'node:zlib';
import { SeededRandom } from '@p2p/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSection, readFrame } from '../../src/file-format.ts';
import { BootstrapCache } from '../../src/index.ts';
import { fuzzFile } from '../fuzzed-file.ts';
import { MemoryFileSystem } from '../memory-file-system.ts';
import { addPeers } from '../open-cache.ts';

const CURRENT = '/state/peers-default.cache';

async function soundFile(peers: number): Promise<{ bytes: Uint8Array; entries: unknown[][] }> {
  const fs = new MemoryFileSystem();
  const cache = await BootstrapCache.open({ dir: '/state' }, fs);
  for (const [index, id] of addPeers(cache, peers).entries()) if (index % 2 === 0) cache.recordSuccess(id, { rttMs: index });
  await cache.save();
  const { bytes } = fs.files.get(CURRENT)!;
  const reading = readFrame(bytes, 'default', crc32);
  if (!reading.ok) throw new Error(reading.reason);
  return { bytes, entries: reading.image.peerSections.flatMap((section) => decodeSection(section) as unknown[][]) };
}

test('spoilt and hostile files open, with sane peers only, and can be saved over', async () => {
  const { bytes, entries } = await soundFile(20);
  for (let round = 0; round < 3000; round++) {
    const random = new SeededRandom(`fuzz-${round}`);
    const fs = new MemoryFileSystem();
    fs.put(CURRENT, fuzzFile(bytes, entries, random));
    const cache = await BootstrapCache.open({ dir: '/state' }, fs);
    expect(cache.size, `seed fuzz-${round}`).toBeLessThanOrEqual(20);
    for (const peer of cache.all()) {
      expect(peer.quality, `seed fuzz-${round}`).toSatisfy((quality: number) => quality >= 0 && quality <= 1);
      expect(peer.addresses.length).toBeGreaterThan(0);
    }
    cache.selectPeers(10);
    if (round % 20 === 0) expect(await cache.save()).toBe(true);
  }
});

const outcome = fc.oneof(
  fc.record({ ok: fc.constant(true as const), rttMs: fc.option(fc.double({ min: 0, max: 10_000, noNaN: true }), { nil: undefined }) }),
  fc.record({ ok: fc.constant(false as const) }),
);

test('processes that share a file add up to what one process would count', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(3), fc.nat(5), fc.oneof(outcome, fc.constant('save' as const))), { maxLength: 60 }), async (steps) => {
      const fs = new MemoryFileSystem();
      const caches = [];
      for (let index = 0; index < 4; index++) caches.push(await BootstrapCache.open({ dir: '/state' }, fs));
      const expected = new Map<string, { successes: number; failures: number }>();
      for (const [who, peer, step] of steps) {
        const cache = caches[who]!;
        if (step === 'save') {
          await cache.save();
          continue;
        }
        const id = `peer-${peer}`;
        cache.add(id, [`198.51.${who}.${peer}:1`]);
        cache.recordOutcome(id, step);
        const count = expected.get(id) ?? { successes: 0, failures: 0 };
        if (step.ok) count.successes += 1;
        else count.failures += 1;
        expected.set(id, count);
      }
      for (const cache of caches) await cache.close();
      const last = await BootstrapCache.open({ dir: '/state' }, fs);
      expect(new Map([...last.all()].map(({ id, stats: { successes, failures } }) => [id, { successes, failures }]))).toEqual(expected);
      for (const { stats, addresses } of last.all()) {
        expect(stats.rttMs ?? 0).toBeGreaterThanOrEqual(0);
        expect(addresses.length).toBeLessThanOrEqual(8);
      }
    }),
    { numRuns: 60 },
  );
});

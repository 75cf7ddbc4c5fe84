// Opens spoilt and hostile cache files: `node scripts/fuzz-files.ts [files] [seed]`. Ends with an error at the first one that fails to open.
import { crc32 } from 'node:zlib';
import { SeededRandom } from '@p2p/testkit';
import { decodeSection, readFrame } from '../src/file-format.ts';
import { BootstrapCache } from '../src/index.ts';
import { fuzzFile } from '../test/fuzzed-file.ts';
import { MemoryFileSystem } from '../test/memory-file-system.ts';
import { addPeers } from '../test/open-cache.ts';

const CURRENT = '/state/peers-default.cache';
const count = Number(process.argv[2] ?? 1_000_000);
const seed = process.argv[3] ?? 'fuzz';

const source = new MemoryFileSystem();
const cache = await BootstrapCache.open({ dir: '/state' }, source);
for (const [index, id] of addPeers(cache, 6).entries()) {
  cache.recordOutcome(id, index % 2 === 0 ? { ok: true, rttMs: index, capabilities: { relay: true } } : { ok: false });
}
await cache.save();
const { bytes } = source.files.get(CURRENT)!;
const reading = readFrame(bytes, 'default', crc32);
if (!reading.ok) throw new Error(reading.reason);
const entries = reading.image.peerSections.flatMap((section) => decodeSection(section) as unknown[][]);

const kept = new Map<number, number>();
const start = performance.now();
for (let file = 0; file < count; file++) {
  const fs = new MemoryFileSystem();
  fs.put(CURRENT, fuzzFile(bytes, entries, new SeededRandom(`${seed}-${file}`)));
  try {
    const opened = await BootstrapCache.open({ dir: '/state' }, fs);
    if (opened.stats().degraded) throw new Error('opened in memory only');
    for (const peer of opened.selectPeers(6)) if (!(peer.quality >= 0 && peer.quality <= 1)) throw new Error(`quality ${peer.quality}`);
    kept.set(opened.size, (kept.get(opened.size) ?? 0) + 1);
  } catch (error) {
    console.error(`file ${file} of seed ${seed} did not open`);
    throw error;
  }
}
console.log(`${count} files opened in ${((performance.now() - start) / 1000).toFixed(0)} s; by number of peers that were kept:`, Object.fromEntries([...kept].sort((a, b) => a[0] - b[0])));

// The figures of the README, each beside its baseline in the same run. Nothing is deleted before the end: ext4 slows down after mass deletion.
// Arguments: a directory on the file system to be measured (default: the system's for temporary files), rounds (default 3).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { changeTenth, makeFiles, readAll } from './files.ts';
import { measurePrune } from './prune.ts';
import { putIntoCacache } from './cacache.ts';

const FILES = 10_000;
const parent = process.argv[2] ?? tmpdir();
const rounds = Number(process.argv[3] ?? 3);
const dir = mkdtempSync(join(parent, 'cache-bench-'));

async function timed(fn: () => unknown): Promise<number> {
  const started = performance.now();
  await fn();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const rows: Record<string, number[]> = {};
const note = (name: string, value: number): void => void (rows[name] ??= []).push(value);

try {
  const source = join(dir, 'source');
  const bytes = makeFiles(source, FILES);
  const changed = join(dir, 'changed');
  execFileSync('cp', ['-a', source, changed]);
  changeTenth(changed);
  execFileSync('sync', ['-f', dir]);
  // Everything is read once, so that each contestant finds the source in memory.
  readAll(source);
  readAll(changed);
  console.log(`${FILES} files, ${(bytes / 1e6).toFixed(1)} MB, Node ${process.version}, ${rounds} rounds in ${parent}`);
  for (let round = 0; round < rounds; round++) {
    note('cp -a; sync -f', await timed(() => {
      execFileSync('cp', ['-a', source, join(dir, `copy-${round}`)]);
      execFileSync('sync', ['-f', dir]);
    }));
    for (const sync of ['auto', 'each'] as const) {
      const cache = await LocalCacheBackend.open({ dir: join(dir, `cache-${sync}-${round}`), sync });
      // Threads and modules are loaded once per process, not per put.
      await (await cache.put('warm', 'bench', '')).release();
      note(`put (${sync})`, await timed(async () => (await cache.put('first', source, '')).release()));
      if (sync === 'auto') {
        note('second put, nine tenths shared', await timed(async () => (await cache.put('second', changed, '')).release()));
        for (let get = 0; get < 200; get++) {
          const started = performance.now();
          const hit = await cache.get('first');
          note('get, warm', performance.now() - started);
          await hit?.release();
        }
      }
      await cache.close();
    }
    note('cacache', await timed(() => putIntoCacache(join(dir, `cacache-${round}`), source)));
  }
  const prune = process.argv[4] === "short" ? { ms: 0, blockedMs: 0, putMs: 0 } : await measurePrune(join(dir, 'prune'), 10_000, 9_000);
  const base = median(rows['cp -a; sync -f'] ?? []);
  const put = median(rows['put (auto)'] ?? []);
  const cacache = median(rows['cacache'] ?? []);
  const line = (what: string, value: string, ratio: string, goal: string): void => console.log(`${what.padEnd(52)}${value.padStart(12)}  ${ratio.padEnd(26)}${goal}`);
  const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  line('cp -a; sync -f', ms(base), '1', '');
  line('put, two threads, one sync', ms(put), `${(put / base).toFixed(2)} of cp -a`, 'at most 1.5');
  line('put, every file synced', ms(median(rows['put (each)'] ?? [])), `${(median(rows['put (each)'] ?? []) / base).toFixed(2)} of cp -a`, 'at most 3');
  line('cacache, the same files (it syncs nothing)', ms(cacache), `put is ${(put / cacache).toFixed(2)} of it`, 'at most 0.4');
  const second = median(rows['second put, nine tenths shared'] ?? []);
  line('second put, nine tenths shared', ms(second), `${(second / put).toFixed(2)} of the first`, 'at most 0.55');
  line('get, warm', ms(median(rows['get, warm'] ?? [])), '', 'at most 0.6 ms');
  line('prune of 10 000 entries to 9 000', ms(prune.ms), `loop blocked ${prune.blockedMs.toFixed(1)} ms`, 'at most 500 ms, 20 ms');
  line('making those entries, per put', ms(prune.putMs), '', '');
} finally {
  rmSync(dir, { recursive: true, force: true });
}

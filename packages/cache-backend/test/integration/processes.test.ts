import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findUnlinearizable, type KeyOperation } from '../../src/conformance/linearizability.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { checkNothingLeft } from '../invariants.ts';
import { withDirectory } from '../temporary-directory.ts';

const PROGRAM = new URL('./programs/play.ts', import.meta.url).pathname;
const isLong = process.env['CACHE_LONG'] === '1';
const PROCESSES = 16;

interface Game {
  readonly histories: Map<string, KeyOperation[]>;
  readonly torn: string[];
  readonly calls: number;
}

/** Processes that play with one cache at once. */
async function play(dir: string, processes: number, forMs: number, bug: string): Promise<Game> {
  const out = join(dir, 'out');
  mkdirSync(out);
  const children = Array.from({ length: processes }, (_, number) => spawn(process.execPath, [PROGRAM, join(dir, 'cache'), out, String(number), String(forMs), bug], { stdio: ['pipe', 'pipe', 'pipe'] }));
  const ended = children.map(endOf);
  try {
    await Promise.all(children.map((child) => new Promise((resolve, reject) => {
      child.stdout?.once('data', resolve);
      child.once('exit', () => reject(new Error('a player ended before the game began')));
    })));
    for (const child of children) child.stdin?.write('go\n');
    await Promise.all(ended);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
  const histories = new Map<string, KeyOperation[]>();
  const torn: string[] = [];
  let calls = 0;
  for (let number = 0; number < processes; number++) {
    const played = JSON.parse(readFileSync(join(out, `history-${number}.json`), 'utf8')) as { history: [string, KeyOperation][]; torn: string[] };
    torn.push(...played.torn);
    calls += played.history.length;
    for (const [key, operation] of played.history) histories.set(key, [...(histories.get(key) ?? []), operation]);
  }
  return { histories, torn, calls };
}

function endOf(child: ChildProcess): Promise<void> {
  let complaint = '';
  child.stderr?.on('data', (data: Buffer) => (complaint += data.toString()));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a player failed: ${complaint}`))));
  });
}

/** The calls at about the time of one, in the order in which they began. */
function around(history: readonly KeyOperation[], misfit: KeyOperation | undefined): string {
  if (misfit === undefined) return '';
  const near = history.filter(({ startedAt, endedAt }) => endedAt > misfit.startedAt - 50 && startedAt < misfit.endedAt + 5);
  const line = ({ startedAt, endedAt, call }: KeyOperation): string => `${(startedAt - misfit.startedAt).toFixed(3)} to ${(endedAt - misfit.startedAt).toFixed(3)} ms: ${JSON.stringify(call)}`;
  return near.sort((a, b) => a.startedAt - b.startedAt).map(line).join('\n');
}

describe('processes that share a cache', () => {
  test(`${PROCESSES} of them with mixed calls: every key's calls can be put in order, no leased tree changes, nothing is left`, { timeout: 300_000 }, async () => {
    await withDirectory(async (dir) => {
      const { histories, torn, calls } = await play(dir, PROCESSES, isLong ? 60_000 : 1_000, 'none');
      expect(torn).toEqual([]);
      for (const [key, history] of histories) {
        const misfit = findUnlinearizable(history);
        expect(misfit, `${key}, of ${history.length} calls:\n${around(history, misfit)}`).toBeUndefined();
      }
      expect(calls).toBeGreaterThan(PROCESSES * 10);
      if (isLong) process.stderr.write(`${calls} calls by ${PROCESSES} processes\n`);
      const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
      expect((await cache.verify()).corrupt).toEqual([]);
      expect((await cache.repair()).quarantined).toEqual([]);
      await cache.close();
      checkNothingLeft(join(dir, 'cache'));
    });
  });

  test('a process that serves what it remembers instead of what is there is found', { timeout: 120_000 }, async () => {
    await withDirectory(async (dir) => {
      const { histories } = await play(dir, 3, 500, 'stale');
      expect(Array.from(histories.values()).some((history) => findUnlinearizable(history) !== undefined)).toBe(true);
    });
  });
});

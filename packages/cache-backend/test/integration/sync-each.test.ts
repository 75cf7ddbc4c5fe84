import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { syncFiles } from '../../src/io/tree/sync-files.ts';
import { withDirectory } from '../temporary-directory.ts';

const missing = process.platform !== 'linux' ? 'needs Linux' : spawnSync('strace', ['-V']).status !== 0 && process.env['CI'] === undefined ? 'needs strace' : undefined;
const PUT = fileURLToPath(new URL('programs/put-synced.ts', import.meta.url));

function makeFiles(dir: string, count: number): string[] {
  fs.mkdirSync(join(dir, 'sub'), { recursive: true });
  return Array.from({ length: count }, (_, at) => {
    const path = join(dir, at % 2 === 0 ? `f${at}` : `sub/f${at}`);
    fs.writeFileSync(path, `file ${at}`);
    return path;
  });
}

test.skipIf(missing !== undefined).each([20, 4200])(`%i files, each synced, reach the disk before the tree gets its place${missing === undefined ? '' : ` (${missing})`}`, { timeout: 60_000 }, async (count) => {
  await withDirectory(async (dir) => {
    makeFiles(join(dir, 'source'), count);
    const log = join(dir, 'log');
    execFileSync('strace', ['-f', '-qq', '-y', '-e', 'trace=fsync,rename,renameat,renameat2', '-o', log, process.execPath, PUT, join(dir, 'cache'), join(dir, 'source')]);
    const calls = fs.readFileSync(log, 'latin1').split('\n');
    const placed = calls.findIndex((line) => /rename.*\/trees\//.test(line));
    expect(placed).toBeGreaterThan(0);
    const synced = new Set(calls.slice(0, placed).flatMap((line) => /fsync\(\d+<.*\/tree(\/[^>]*)?>/.exec(line)?.[1] ?? []));
    expect(synced.size).toBe(count + 1);
  });
});

describe.each([['by Node’s own threads', undefined], ['by a crew', 1]] as const)('files, each synced %s', (_who, crewFrom) => {
  test('one that is gone fails all, with its code', async () => {
    await withDirectory(async (dir) => {
      const paths = makeFiles(dir, 100);
      fs.rmSync(paths[99]!);
      await expect(syncFiles(paths, crewFrom)).rejects.toMatchObject({ code: 'ENOENT' });
      // And nothing is left of it.
      fs.writeFileSync(paths[99]!, 'again');
      await syncFiles(paths, crewFrom);
    });
  });

  test('many calls at once have one crew among them', async () => {
    await withDirectory(async (dir) => {
      const paths = makeFiles(dir, 100);
      await Promise.all(Array.from({ length: 20 }, () => syncFiles(paths, crewFrom)));
    });
  });
});

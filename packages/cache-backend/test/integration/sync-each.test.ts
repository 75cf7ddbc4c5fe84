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

/** A few are synced by Node's own threads, many by a crew. */
describe.each([20, 600])('%i files, each synced', (count) => {
  test.skipIf(missing !== undefined)(`reach the disk before the tree gets its place${missing === undefined ? '' : ` (${missing})`}`, async () => {
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

  test('one that is gone fails all, with its code', async () => {
    await withDirectory(async (dir) => {
      const paths = makeFiles(dir, count);
      fs.rmSync(paths[count - 1]!);
      await expect(syncFiles(paths)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  test('one that its owner may not read is synced, and keeps its mode', async () => {
    await withDirectory(async (dir) => {
      const paths = makeFiles(dir, count);
      fs.chmodSync(paths[0]!, 0);
      await syncFiles(paths);
      expect(fs.statSync(paths[0]!).mode & 0o777).toBe(0);
    });
  });
});

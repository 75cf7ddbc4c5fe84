import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { snapshotTree } from '../../src/conformance/trees.ts';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { withDirectory } from '../temporary-directory.ts';

test.skipIf(process.platform !== 'linux')('times halfway between two microseconds are described alike in a tree and its copy (sets nanoseconds by touch)', async () => {
  await withDirectory(async (dir) => {
    const source = join(dir, 'source');
    fs.mkdirSync(source);
    for (let ns = 673_004_300; ns <= 673_004_700; ns += 20) {
      fs.writeFileSync(join(source, String(ns)), 'x');
      execFileSync('touch', ['-d', `@1795662713.${ns}`, join(source, String(ns))]);
    }
    await using cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
    await using hit = await cache.put('key', source, '');
    const { '.': _root, ...copied } = snapshotTree(hit.path);
    const { '.': _source, ...original } = snapshotTree(source);
    expect(copied).toEqual(original);
  });
});

// As a user who is not root: a tree of one file with many names that its owner may not read, though others may. Arguments: a directory to work in, the tree.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { LocalCacheBackend } from '@p2p/cache-backend';

const [, , parent, source] = process.argv;
assert.notEqual(process.getuid(), 0);
for (let round = 0; round < 3; round++) {
  const cache = await LocalCacheBackend.open({ dir: join(fs.mkdtempSync(join(parent, 'work-')), 'cache'), sync: 'each' });
  const hit = await cache.put('key', source, '');
  assert.equal(fs.statSync(join(hit.path, 'name 0')).mode & 0o7777, 0o044);
  assert.deepEqual(fs.readdirSync(hit.path).sort(), fs.readdirSync(source).sort());
  await hit.release();
  await cache.close();
}
process.stdout.write('done\n');

// As a user who is not root: trees whose directories deny writing. Argument: a directory to work in.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { LocalCacheBackend, materialize } from '@p2p/cache-backend';
import { snapshotTree } from '@p2p/cache-backend/conformance';

const dir = fs.mkdtempSync(join(process.argv[2], 'work-'));
assert.notEqual(process.getuid(), 0);

function makeTree(path, value) {
  fs.mkdirSync(join(path, 'sub', 'deeper'), { recursive: true });
  fs.writeFileSync(join(path, 'sub', 'deeper', 'file'), value, { mode: 0o400 });
  fs.writeFileSync(join(path, 'file'), value, { mode: 0o444 });
  for (const name of ['sub/deeper', 'sub', '.']) fs.chmodSync(join(path, name), 0o555);
  return path;
}

const cache = await LocalCacheBackend.open({ dir: join(dir, 'cache') });
const source = makeTree(join(dir, 'source'), 'one');
const hit = await cache.put('key', source, '');
assert.deepEqual(snapshotTree(hit.path), snapshotTree(source));
await materialize(hit, join(dir, 'target'));
assert.deepEqual(snapshotTree(join(dir, 'target')), snapshotTree(source));
await hit.release();
const again = await cache.get('key', { verify: 'full' });
assert.ok(again !== undefined);
await again.release();
await (await cache.put('key', makeTree(join(dir, 'source-2'), 'two'), '')).release();
const moved = await cache.put('moved', makeTree(join(dir, 'source-3'), 'three'), '', { move: true });
assert.equal(fs.readFileSync(join(moved.path, 'sub/deeper/file'), 'utf8'), 'three');
assert.ok(!fs.existsSync(join(dir, 'source-3')));
await moved.release();
assert.equal((await cache.prune({ maxEntries: 0 })).evicted, 2);
await assert.rejects(cache.put('key', '/root', ''), (error) => error.code === 'CACHE_PERMISSION' || error.code === 'CACHE_SOURCE_INVALID');
await cache.close();
for (const name of ['trash', 'tmp']) assert.deepEqual(fs.readdirSync(join(dir, 'cache', name)), []);
process.stdout.write('done\n');

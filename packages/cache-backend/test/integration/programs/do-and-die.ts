// Does one thing to a cache and is killed at a step of it. Arguments: directory, what to do, step, passing.
import { join } from 'node:path';
// It uses the built package, which starts sooner.
import { getOrCreate, LocalCacheBackend } from '@p2p/cache-backend';
import { writeValueTree } from '@p2p/cache-backend/conformance';

const [dir = '', what = '', step = '', at = '1'] = process.argv.slice(2);
const cache = await LocalCacheBackend.open({ dir, threads: 1 }, { fault: { step, what: 'kill', at: Number(at) } });
const source = writeValueTree(join(dir, '..', `source-${process.pid}`), 'new');
switch (what) {
  case 'put':
    await (await cache.put('key', source, 'new')).release();
    break;
  case 'put-again':
    await (await cache.put('key', writeValueTree(source, 'old'), 'new')).release();
    break;
  case 'move':
    await (await cache.put('key', source, 'new', { move: true })).release();
    break;
  case 'build': {
    const build = async (built: string): Promise<void> => {
      writeValueTree(built, 'new');
      if (step === 'build:filled') process.kill(process.pid, 'SIGKILL');
    };
    await (await getOrCreate(cache, 'fresh', build, 'new')).release();
    break;
  }
  case 'touch':
    for (const key of ['key', 'other']) await (await cache.get(key))?.release();
    break;
  case 'prune':
    await cache.prune({ maxEntries: 0 });
    break;
  case 'invalidate':
    await cache.invalidate('key');
    break;
  case 'repair':
    await cache.repair();
    break;
  default:
    break;
}
await cache.close();

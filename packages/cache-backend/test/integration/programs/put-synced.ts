// Puts a tree with every file synced; run under strace. Arguments: the cache's directory, the tree.
import { LocalCacheBackend } from '@p2p/cache-backend';

const [dir = '', source = ''] = process.argv.slice(2);
const cache = await LocalCacheBackend.open({ dir, sync: 'each' });
await (await cache.put('key', source, '')).release();
await cache.close();

// Gets 'key', says so, and holds it until it is told to end or killed. Argument: directory.
import { LocalCacheBackend } from '@p2p/cache-backend';

const cache = await LocalCacheBackend.open({ dir: process.argv[2] ?? '' });
const hit = await cache.get('key');
process.stdout.write(`${hit === undefined ? 'miss' : 'held'}\n`);
await new Promise((resolve) => process.stdin.once('data', resolve));
await hit?.release();
await cache.close();
process.exit(0);

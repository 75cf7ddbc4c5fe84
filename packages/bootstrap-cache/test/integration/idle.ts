// Opens a cache with maintenance and leaves it: the process must end by itself. idle.ts <directory>
import { BootstrapCache } from '../../src/index.ts';

const cache = await BootstrapCache.open({ dir: process.argv[2]! });
cache.add('a', ['198.51.100.1:1']);
await cache.save();
cache.startMaintenance();
process.stdout.write('open');

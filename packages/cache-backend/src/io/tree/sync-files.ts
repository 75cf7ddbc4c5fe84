import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { syncFile } from './sync-file.ts';

const SYNC_WORKER: URL = import.meta.url.endsWith('.ts') ? new URL('../thread/sync-worker.ts', import.meta.url) : new URL('./io/thread/sync-worker.js', import.meta.url);
/** From so many files on, starting a crew costs less than it saves. */
const CREW_FROM = 256;
const CREW = 24;

/**
 * Syncs files and directories by their paths, many at a time: file systems with a journal then write it once for several.
 * Node itself has four threads for this: 10 000 small files on ext4 on a loop device took them 3.6 s, 24 threads 1.1 s.
 */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  if (paths.length < CREW_FROM) await syncHere(paths);
  else await Promise.all(Array.from({ length: CREW }, (_, index) => syncThere(paths.filter((_path, at) => at % CREW === index))));
}

async function syncHere(paths: readonly string[]): Promise<void> {
  const sync = promisify(fsync);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) await syncFile(path, sync);
  };
  await Promise.all(Array.from({ length: CREW }, work));
}

async function syncThere(paths: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(SYNC_WORKER, { workerData: paths, execArgv: [], name: 'cache-sync' });
  worker.on('error', reject);
  worker.on('exit', (code) => {
    if (code === 0) resolve();
    else reject(new Error('a thread that syncs files ended'));
  });
  await promise;
}

import { fsyncSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { syncFile } from '../tree/sync-file.ts';

// One of a crew: see `syncFiles`. A failure ends it.
for (const path of workerData as readonly string[]) await syncFile(path, fsyncSync);

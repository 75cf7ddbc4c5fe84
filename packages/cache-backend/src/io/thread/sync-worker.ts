import { fsyncSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { syncFile } from '../tree/sync-file.ts';

// One of a crew: see `syncFiles`. A failure ends it; those it may not read it gives back.
const locked: string[] = [];
for (const path of workerData as readonly string[]) if (!(await syncFile(path, fsyncSync))) locked.push(path);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(locked);

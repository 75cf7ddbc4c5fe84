import { availableParallelism } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { WorkHost } from '../work-host.ts';
import { answerRequest, createWorkPool, type WorkReply } from './work-pool.ts';

const LOCAL_LEASE_MS = 4;
const WORKER: URL = import.meta.url.endsWith('.ts')
  ? new URL('./work-worker-node.ts', import.meta.url)
  : new URL('./work-worker-node.js', import.meta.url);

/** Work on `node:worker_threads`. Nothing is started before the first search that wants a thread. */
export const nodeWorkHost: WorkHost = {
  parallelism: availableParallelism(),
  local: {
    queueDepth: 1,
    leaseMs: LOCAL_LEASE_MS,
    run: async (lease) => {
      await nextTurn();
      return answerRequest({ id: 0, lease });
    },
  },
  threads: createWorkPool((onReply, onLost) => {
    // The flags of the parent are not for this file: it would refuse `--input-type` or `--test`.
    const worker = new Worker(WORKER, { execArgv: [], name: 'dave-work' });
    worker.on('message', (reply: WorkReply) => onReply(reply));
    worker.on('error', onLost);
    worker.on('exit', (code) => onLost(new Error(`The worker ended with code ${code}.`)));
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
      post: (request) => worker.postMessage(request),
      setHeld: (held) => (held ? worker.ref() : worker.unref()),
      close: () => void worker.terminate(),
    };
  }),
};

import type { WorkHost } from '../work-host.ts';
import { answerRequest, createWorkPool, type WorkReply, type WorkRequest } from './work-pool.ts';

// What is used of the platform; the package is compiled without the types of browsers.
interface WebWorker {
  addEventListener(type: 'message', listener: (event: { readonly data: WorkReply }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string; preventDefault(): void }) => void): void;
  postMessage(request: WorkRequest): void;
  terminate(): void;
}
declare const Worker: new (url: URL, options: { type: 'module'; name: string }) => WebWorker;
declare const MessageChannel: new () => {
  readonly port1: { addEventListener(type: 'message', listener: () => void): void; start(): void; close(): void };
  readonly port2: { postMessage(message: null): void };
};
declare const navigator: { readonly hardwareConcurrency?: number } | undefined;

const LOCAL_LEASE_MS = 4;

/**
 * Work on Web Workers. The worker is a file of its own, so that a policy without `blob:` and
 * `unsafe-eval` suffices (`worker-src 'self'`, `script-src 'wasm-unsafe-eval'`).
 */
export const webWorkHost: WorkHost = {
  parallelism: typeof navigator === 'undefined' ? 1 : (navigator.hardwareConcurrency ?? 1),
  local: {
    queueDepth: 1,
    leaseMs: LOCAL_LEASE_MS,
    run: async (lease) => {
      await nextTurn();
      return answerRequest({ id: 0, lease });
    },
  },
  threads: createWorkPool((onReply, onLost) => {
    // Bundlers recognise a worker by exactly this expression.
    const worker = new Worker(new URL('./work-worker-web.js', import.meta.url), { type: 'module', name: 'dave-work' });
    worker.addEventListener('message', ({ data }) => onReply(data));
    worker.addEventListener('error', (event) => {
      // Handled here: the search goes on without this worker, and the page is not told of an error.
      event.preventDefault();
      onLost(new Error(event.message ?? 'The worker could not be started.'));
    });
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
      post: (request) => worker.postMessage(request),
      setHeld: () => undefined,
      close: () => worker.terminate(),
    };
  }),
};

/** A message, not a timer: browsers delay nested timers by 4 ms, as long as a lease takes. */
function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { port1, port2 } = new MessageChannel();
  port1.addEventListener('message', () => {
    port1.close();
    resolve();
  });
  port1.start();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- only windows have one
  port2.postMessage(null);
  return promise;
}

import type { Clock, Random } from '../env.ts';

/** The machine's time and chance, for stores that were given none. */
export const SYSTEM: { readonly clock: Clock; readonly random: Random } = {
  clock: { now: () => Date.now() },
  random: { float: () => Math.random() },
};

/** Lets other tasks of the event loop run: timers and sockets too, not promises alone. */
export function pause(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    // Browsers stretch timers that follow one another to 4 ms; a message has no such delay.
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener('message', () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

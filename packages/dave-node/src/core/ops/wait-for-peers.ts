import { FANOUT } from '@p2p/dave-wire';
import type { NodeEmitter } from '../../events.ts';
import type { PeerDirectory } from '../peers/peer.ts';
import type { Deadline } from './deadline.ts';

/**
 * Waits until `count` peers that take data are active, at most FANOUT. False when the time was up
 * first; rejects with the reason of any other abort.
 */
export function waitForPeers(directory: PeerDirectory, emitter: NodeEmitter, count: number, deadline: Deadline): Promise<boolean> {
  const wanted = Math.min(count, FANOUT);
  const present = (): boolean => directory.activeCount >= wanted && directory.closest(0n, wanted).length >= wanted;
  if (present()) return Promise.resolve(true);
  return new Promise((resolve, reject) => {
    const { signal } = deadline;
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      subscription[Symbol.dispose]();
    };
    const onAbort = (): void => {
      settle();
      if (deadline.timedOut) resolve(false);
      else reject(signal.reason as Error);
    };
    const subscription = emitter.on('peer-active', () => {
      if (!present()) return;
      settle();
      resolve(true);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

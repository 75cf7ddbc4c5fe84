import { notFoundEntry, type AddrPort, type Get } from '@p2p/dave-wire';
import { count } from '../counters.ts';
import type { OperationsModules } from './modules.ts';

/**
 * Answers a GET from the store. A not-found echoes author and key, else a Go node ignores it; a
 * request id is echoed where it fits. Expired entries count as not found.
 */
export function serveGet(
  modules: Pick<OperationsModules, 'store' | 'clock' | 'endpoint' | 'counters'>,
  message: Get,
  from: AddrPort,
): void {
  const { publicKey, key, extensions } = message;
  const stored = modules.store.get(publicKey, key, modules.clock.now());
  count(modules.counters.gets, stored === undefined ? 'served-not-found' : 'served-found');
  const requestId = extensions?.requestId;
  modules.endpoint.send(
    {
      op: 'get-ack',
      entry: stored ?? notFoundEntry(publicKey, key),
      ...(requestId === undefined ? {} : { extensions: { requestId } }),
    },
    from,
  );
}

import { notFoundEntry, type AddrPort, type Get, type GetAck } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { count } from '../counters.ts';
import type { OperationsModules } from './modules.ts';

/**
 * Answers a GET from the store. A not-found echoes author and key, else a Go node ignores it; a
 * request id is echoed where it fits. Expired entries count as not found.
 */
export function serveGet(
  modules: Pick<OperationsModules, 'store' | 'clock' | 'endpoint' | 'counters' | 'trace'>,
  message: Get,
  from: AddrPort,
): void {
  if (TRACE) modules.trace?.serve(message, 'serve-get', from);
  const { publicKey, key, extensions } = message;
  const stored = modules.store.get(publicKey, key, modules.clock.now());
  count(modules.counters.gets, stored === undefined ? 'served-not-found' : 'served-found');
  const requestId = extensions?.requestId;
  const answer: GetAck = {
    op: 'get-ack',
    entry: stored ?? notFoundEntry(publicKey, key),
    ...(requestId === undefined ? {} : { extensions: { requestId } }),
  };
  if (TRACE) modules.trace?.stamp(answer, message);
  modules.endpoint.send(answer, from);
  if (TRACE) modules.trace?.finish(message, 'serve-get', stored !== undefined);
}

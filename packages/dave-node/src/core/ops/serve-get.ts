import { notFoundEntry, type AddrPort, type Entry, type Get } from '@p2p/dave-wire';
import { count } from '../counters.ts';
import type { OperationsModules, Recalled } from './modules.ts';

type Asked = { readonly publicKey: Uint8Array; readonly key: string; readonly requestId: bigint | undefined };
type ServeModules = Pick<OperationsModules, 'store' | 'clock' | 'endpoint' | 'counters' | 'recall'>;

/**
 * Answers a GET from the store, or with what an earlier run left behind and has not been read yet. A
 * not-found echoes author and key, else a Go node ignores it; a request id is echoed where it fits.
 * Expired entries count as not found. Resolves when the answer is sent: at once, but for a record
 * that must be read first. The message's bytes may be reused after the call.
 */
export function serveGet(modules: ServeModules, message: Get, from: AddrPort): Promise<void> | undefined {
  const { publicKey, key, extensions } = message;
  const requestId = extensions?.requestId;
  const stored = modules.store.get(publicKey, key, modules.clock.now());
  const recalled = stored === undefined ? modules.recall?.({ publicKey, key }) : undefined;
  if (recalled === undefined) {
    answer(modules, stored, { publicKey, key, requestId }, from);
    return undefined;
  }
  const asked = { publicKey: Uint8Array.from(publicKey), key, requestId };
  return answerLate(modules, recalled, asked, from);
}

async function answerLate(modules: ServeModules, recalled: Promise<Recalled>, asked: Asked, to: AddrPort): Promise<void> {
  const entry = await recalled;
  // Who cannot tell says nothing: a not-found would be believed.
  if (entry === 'unknown') count(modules.counters.gets, 'served-nothing');
  else answer(modules, entry, asked, to);
}

function answer(modules: ServeModules, entry: Entry | undefined, asked: Asked, to: AddrPort): void {
  const { publicKey, key, requestId } = asked;
  count(modules.counters.gets, entry === undefined ? 'served-not-found' : 'served-found');
  modules.endpoint.send(
    {
      op: 'get-ack',
      entry: entry ?? notFoundEntry(publicKey, key),
      ...(requestId === undefined ? {} : { extensions: { requestId } }),
    },
    to,
  );
}

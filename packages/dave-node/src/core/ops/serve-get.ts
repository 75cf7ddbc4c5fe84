import { notFoundEntry, type AddrPort, type Entry, type Get, type GetAck } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { count } from '../counters.ts';
import type { OperationsModules, Recalled } from './modules.ts';

type ServeModules = Pick<OperationsModules, 'store' | 'clock' | 'endpoint' | 'counters' | 'recall' | 'trace'>;

/**
 * Answers a GET from the store, or with what an earlier run left behind and has not been read yet. A
 * not-found echoes author and key, else a Go node ignores it; a request id is echoed where it fits.
 * Expired entries count as not found. Resolves when the answer is sent: at once, but for a record
 * that must be read first. The message's bytes may be reused after the call.
 */
export function serveGet(modules: ServeModules, message: Get, from: AddrPort): Promise<void> | undefined {
  if (TRACE) modules.trace?.serve(message, 'serve-get', from);
  const { publicKey, key } = message;
  const stored = modules.store.get(publicKey, key, modules.clock.now());
  const recalled = stored === undefined ? modules.recall?.({ publicKey, key }) : undefined;
  if (recalled === undefined) {
    answer(modules, stored, message, publicKey, from);
    return undefined;
  }
  const author = Uint8Array.from(publicKey);
  return answerLate(modules, recalled, message, author, { ...from });
}

async function answerLate(modules: ServeModules, recalled: Promise<Recalled>, message: Get, author: Uint8Array, to: AddrPort): Promise<void> {
  const entry = await recalled;
  if (entry !== 'unknown') return answer(modules, entry, message, author, to);
  // Who cannot tell says nothing: a not-found would be believed.
  count(modules.counters.gets, 'served-nothing');
  if (TRACE) modules.trace?.finish(message, 'serve-get', false);
}

/** `author` is the message's public key, in bytes that still stand. */
function answer(modules: ServeModules, entry: Entry | undefined, message: Get, author: Uint8Array, to: AddrPort): void {
  count(modules.counters.gets, entry === undefined ? 'served-not-found' : 'served-found');
  const requestId = message.extensions?.requestId;
  const said: GetAck = {
    op: 'get-ack',
    entry: entry ?? notFoundEntry(author, message.key),
    ...(requestId === undefined ? {} : { extensions: { requestId } }),
  };
  if (TRACE) modules.trace?.stamp(said, message);
  modules.endpoint.send(said, to);
  if (TRACE) modules.trace?.finish(message, 'serve-get', entry !== undefined);
}

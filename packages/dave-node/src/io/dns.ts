import { lookup } from 'node:dns/promises';
import { NodeError } from '../errors.ts';
import { ipLiteral } from './ip-address.ts';

/**
 * All addresses of a host name as the system resolves it (hosts file, DNS), each once; an IP literal
 * is returned as it is. Rejects with NodeError NODE_CONNECT_FAILED, or `signal.reason`: the system's
 * lookup cannot be stopped, its answer is then ignored.
 */
export async function resolveHost(host: string, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  const literal = ipLiteral(host);
  if (literal !== undefined) return [literal];
  const addresses = await abortable(lookupAll(host), signal);
  return [...new Set(addresses.map((address) => ipLiteral(address) ?? address))];
}

async function lookupAll(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true, order: 'verbatim' });
    if (found.length > 0) return found.map(({ address }) => address);
  } catch (cause) {
    throw noAddress(host, cause);
  }
  throw noAddress(host);
}

function noAddress(host: string, cause?: unknown): NodeError {
  return new NodeError('NODE_CONNECT_FAILED', `${host} has no address: check the name and the resolver.`, { cause });
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

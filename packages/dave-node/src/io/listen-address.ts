import { NodeError } from '../errors.ts';
import { ipLiteral } from './ip-address.ts';
import { resolveHost } from './dns.ts';

export interface ListenAddress {
  /** An IP literal. */
  address: string;
  /** 0: any free pair. */
  port: number;
}

/**
 * Reads `host:port`, IPv6 in brackets; a host name stands for its first address.
 * Rejects with NodeError NODE_LISTEN_FAILED.
 */
export async function parseListen(listen: string): Promise<ListenAddress> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3] ?? Number.NaN);
  if (match === null || port > 65_534) {
    throw new NodeError('NODE_LISTEN_FAILED', `Cannot listen on ${JSON.stringify(listen)}: write host:port such as [::]:4127 or 0.0.0.0:4127, port 0 to 65534 (TCP uses the one above).`);
  }
  const host = match[1] ?? match[2] ?? '';
  const literal = host === '' ? '::' : ipLiteral(host);
  if (literal !== undefined) return { address: literal, port };
  try {
    const [address] = await resolveHost(host, new AbortController().signal);
    return { address: address!, port };
  } catch (cause) {
    throw new NodeError('NODE_LISTEN_FAILED', `Cannot listen on ${host}: it has no address.`, { cause });
  }
}

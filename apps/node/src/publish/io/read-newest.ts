import type { Client, Found } from '../../client/client.ts';

/** How long the newest of several answers is waited for: a replica that has just died would be waited for to the end. */
const NEWEST_MS = 1500;

/** The newest of what the replicas have, or where none has answered within a moment, whatever the first one has. */
export async function readNewest(client: Client, publicKey: Uint8Array, key: string, options: { timeoutMs: number; signal: AbortSignal }): Promise<Found> {
  const { timeoutMs, signal } = options;
  const newest = await client.get(publicKey, key, { mode: 'latest', timeoutMs: Math.min(NEWEST_MS, timeoutMs), signal });
  if (newest.found || newest.answered === newest.asked) return newest;
  return await client.get(publicKey, key, { mode: 'first', timeoutMs, signal });
}

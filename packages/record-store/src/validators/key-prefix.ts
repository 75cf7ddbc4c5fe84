import { startsWith } from '../core/bytes.ts';

/** What follows a namespace's name in its keys; undefined for keys that do not start with it. */
export function keyPrefix(prefix: string): (key: Uint8Array) => Uint8Array | undefined {
  const bytes = new TextEncoder().encode(prefix);
  return (key) => (startsWith(key, bytes) ? key.subarray(bytes.length) : undefined);
}

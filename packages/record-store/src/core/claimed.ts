import { equalBytes } from './bytes.ts';
import type { StoredProvider, StoredValue } from './stored.ts';

/** Who reads what was stored, perhaps under another id, and until when that may live. */
export interface Reader {
  readonly localId: Uint8Array;
  /** Infinity: for ever. */
  readonly maxTtlMs: number;
  /** Unix ms. */
  readonly now: number;
}

/**
 * A stored entry as this node sees it: what another id called its own is somebody else's, and lives as long from
 * its last put as theirs may. Undefined for what others said this node provides while it had another id.
 */
export function claimed<S extends StoredValue | StoredProvider>(stored: S, { localId, maxTtlMs, now }: Reader): S | undefined {
  const id = 'provider' in stored ? stored.provider : stored.publisher;
  const isOwn = id !== undefined && equalBytes(id, localId);
  if (isOwn && !stored.local && 'provider' in stored) return undefined;
  const local = stored.local && isOwn;
  if (local && stored.expires === Number.POSITIVE_INFINITY) return stored;
  const longest = (stored.local && !local ? stored.storedAt : now) + maxTtlMs;
  return local === stored.local && stored.expires <= longest ? stored : { ...stored, local, expires: Math.min(stored.expires, longest) };
}

import { copyBytes } from '../../core/bytes.ts';
import type { ValueCandidate } from '../../core/stored.ts';

/** A candidate in bytes of the engine's own. */
export function ownCandidate(candidate: ValueCandidate): ValueCandidate {
  const { key, value, publisher, rank, ifVersion, given } = candidate;
  return {
    ...candidate,
    ...(given ? {} : { key: copyBytes(key), value: copyBytes(value), publisher: publisher && copyBytes(publisher) }),
    rank: rank && copyBytes(rank),
    ifVersion: ifVersion instanceof Uint8Array ? copyBytes(ifVersion) : ifVersion,
  };
}

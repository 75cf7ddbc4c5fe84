import { unbindValue, type Dat } from '@p2p/dave-wire';
import { decodePointer, type Pointer } from '../core/pointer.ts';
import { PublishError } from '../core/publish-error.ts';

/**
 * The pointer in the dat of a tree's name. Whoever moved bytes between key and value of another dat of the
 * author would otherwise make a pointer of it, so only bound values count.
 * @throws PublishError PUBLISH_BAD_POINTER and what `decodePointer` throws
 */
export function pointerOf(dat: Dat): Pointer {
  const unbound = unbindValue(dat, { require: true });
  if (!unbound.valid) throw new PublishError('PUBLISH_BAD_POINTER', `the value of '${dat.key}' is not bound to its key (${unbound.reason}): it was not written by dave publish`);
  return decodePointer(unbound.value);
}

/**
 * Bytes of one's own. Not `slice()`: a Node `Buffer` is a `Uint8Array` too, and its `slice` shares memory.
 *
 * @throws TypeError for what is no Uint8Array, from which the constructor would make something else.
 */
export function copyBytes(bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('Bytes must be given as a Uint8Array.');
  return new Uint8Array(bytes);
}

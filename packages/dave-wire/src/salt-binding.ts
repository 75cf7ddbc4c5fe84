import { writeAddrPort } from './addr-port.ts';
import { blake3 } from './hash.ts';
import { ADDR_PORT_BYTES } from './layout.ts';
import type { AddrPort, Solution } from './message.ts';

const DOMAIN: Uint8Array = Uint8Array.from('dave-pong-v1', (character) => character.charCodeAt(0));
/** The last four bytes of a bound salt: 'dpb' and 0x41, whose top two bits are 01 as in every salt of ours. A Go salt ends in them once in 2³². */
const MAGIC: readonly number[] = [0x64, 0x70, 0x62, 0x41];
const BOUND_BYTES = 12;

/**
 * For whom a solution was made: `unbound` (a Go node, or no address was given), `match` (for the
 * address at hand), `mismatch` (for another one: somebody relays the challenge).
 */
export type SaltBinding = 'unbound' | 'match' | 'mismatch';

/**
 * Tells an asker whether a verified solution was made for the address under which the answering
 * peer sees it, `seenAs`. A relay cannot strip the binding, since the salt is signed, and its own
 * address is what the peer has bound. Unbound answers prove nothing either way. An asker behind NAT
 * passes the address it is known by; one that does not know it cannot use this. An address that
 * does not parse is `WIRE_BAD_VALUE`.
 */
export function saltBinding(solution: Solution, seenAs: AddrPort): SaltBinding {
  const { salt } = solution;
  if (!MAGIC.every((byte, at) => byte === salt[BOUND_BYTES + at])) return 'unbound';
  const expected = boundSalt(solution.challenge, seenAs);
  return expected.every((byte, at) => byte === salt[at]) ? 'match' : 'mismatch';
}

/** 16 bytes: BLAKE3('dave-pong-v1' ‖ challenge ‖ IPv6 16 ‖ port u16)[0..12] ‖ magic. */
export function boundSalt(challenge: Uint8Array, asker: AddrPort): Uint8Array {
  const salt = new Uint8Array(BOUND_BYTES + MAGIC.length);
  salt.set(blake3(DOMAIN, challenge, addressBytes(asker)).subarray(0, BOUND_BYTES));
  salt.set(MAGIC, BOUND_BYTES);
  return salt;
}

/** As on the wire: the address in network order, IPv4 as ::ffff:a.b.c.d, the port little-endian. */
function addressBytes(addrPort: AddrPort): Uint8Array {
  const bytes = new Uint8Array(ADDR_PORT_BYTES);
  writeAddrPort(addrPort, bytes, 0);
  return bytes;
}

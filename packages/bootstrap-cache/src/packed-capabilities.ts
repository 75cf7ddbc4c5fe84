import type { NatType, PeerCapabilities } from './types.ts';

// Two bits for each yes/no (0 unknown, 1 no, 2 yes), then three for the NAT type plus one.
const NAT_SHIFT = 6;
/** Mask of each field. */
export const CAPABILITY_MASK: Readonly<Record<keyof PeerCapabilities, number>> = { relay: 3, coordination: 12, dualStack: 48, natType: 448 };
export const RELAY_YES = 2;
export const COORDINATION_YES = 8;
export const DUAL_STACK_YES = 32;

/** Order of the codes in files: append only. */
export const NAT_TYPES: readonly NatType[] = ['none', 'full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'unknown'];

export function packCapabilities(capabilities: PeerCapabilities | undefined): number {
  if (capabilities === undefined) return 0;
  const { relay, coordination, dualStack, natType } = capabilities;
  const nat = natType === undefined ? 0 : NAT_TYPES.indexOf(natType) + 1;
  return flag(relay) | (flag(coordination) << 2) | (flag(dualStack) << 4) | (nat << NAT_SHIFT);
}

function flag(value: boolean | undefined): number {
  return value === undefined ? 0 : value ? 2 : 1;
}

export function unpackCapabilities(packed: number): PeerCapabilities {
  const out: PeerCapabilities = {};
  if ((packed & 3) !== 0) out.relay = (packed & 3) === RELAY_YES;
  if ((packed & 12) !== 0) out.coordination = (packed & 12) === COORDINATION_YES;
  if ((packed & 48) !== 0) out.dualStack = (packed & 48) === DUAL_STACK_YES;
  const nat = NAT_TYPES[(packed >> NAT_SHIFT) - 1];
  if (nat !== undefined) out.natType = nat;
  return out;
}

/** Fields known in `over` replace those of `under`. */
export function overlay(under: number, over: number): number {
  let out = under;
  if ((over & 3) !== 0) out = (out & ~3) | (over & 3);
  if ((over & 12) !== 0) out = (out & ~12) | (over & 12);
  if ((over & 48) !== 0) out = (out & ~48) | (over & 48);
  if (over >> NAT_SHIFT !== 0) out = (out & ~448) | (over & 448);
  return out;
}

/** How many of the wanted fields `packed` has with the same value. */
export function countMatches(packed: number, wanted: number): number {
  let matches = 0;
  if ((wanted & 3) !== 0 && (wanted & 3) === (packed & 3)) matches += 1;
  if ((wanted & 12) !== 0 && (wanted & 12) === (packed & 12)) matches += 1;
  if ((wanted & 48) !== 0 && (wanted & 48) === (packed & 48)) matches += 1;
  if ((wanted & 448) !== 0 && (wanted & 448) === (packed & 448)) matches += 1;
  return matches;
}

/** How many fields are known. */
export function countKnown(packed: number): number {
  return countMatches(packed, packed);
}

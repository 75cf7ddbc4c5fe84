import { bytesText } from '../bytes.ts';
import { addressPrefix } from './address-prefix.ts';
import { keyedHash } from './keyed-hash.ts';
import type { PolicyContext, PolicyMember } from './policies.ts';

/** What the policies find out about a provider. */
export interface MemberTraits {
  readonly member: PolicyMember;
  readonly addresses: readonly string[];
  readonly origin: string | undefined;
  /** Networks that its first addresses claim, sorted, each once. */
  readonly networks: readonly string[];
  /** To compare origins and networks by; who collides on purpose only looks more crowded. */
  readonly originHash: number | undefined;
  readonly networkHashes: readonly number[];
  /** Tickets, drawn when they are asked for. */
  place: number | undefined;
  id: number | undefined;
}

/** Addresses of a member that are looked at, the first ones: who wants to look as if it were nowhere else need not name more. */
const MAX_NETWORKS = 4;

/** Engines in memory hand over the same objects again and again: measured, this takes an add on a full key from 25 to 4 µs. */
const traits = new WeakMap<PolicyMember, MemberTraits>();
const distances = new WeakMap<PolicyMember, bigint>();

/** The traits of an incumbent; they hold while its addresses and origin do. */
export function cachedTraits(member: PolicyMember): MemberTraits {
  let found = traits.get(member);
  if (found === undefined || found.addresses !== member.addresses || found.origin !== member.origin) traits.set(member, (found = traitsOf(member)));
  return found;
}

export function traitsOf(member: PolicyMember): MemberTraits {
  const { addresses, origin } = member;
  const networks = addresses.length === 1 ? [addressPrefix(addresses[0]!)] : [...new Set(addresses.slice(0, MAX_NETWORKS).map(addressPrefix))].sort();
  return { member, addresses, origin, networks, originHash: origin === undefined ? undefined : fnv1a(origin), networkHashes: networks.map(fnv1a), place: undefined, id: undefined };
}

/** Whether one has a higher ticket than the other: first of the place, then of the id. */
export function drawsHigher(one: MemberTraits, other: MemberTraits, context: PolicyContext): boolean {
  const [place, otherPlace] = [placeTicket(one, context), placeTicket(other, context)];
  if (place !== otherPlace) return place > otherPlace;
  return idTicket(one, context) > idTicket(other, context);
}

/** An incumbent's distance to its key. */
export function distanceOf(member: PolicyMember, { key, distance }: PolicyContext): bigint {
  let found = distances.get(member);
  if (found === undefined) distances.set(member, (found = distance(key, member.provider)));
  return found;
}

function placeTicket(trait: MemberTraits, { key, secret }: PolicyContext): number {
  trait.place ??= keyedHash(secret, `${bytesText(key)}\u0000${trait.origin ?? trait.networks.join(' ')}`);
  return trait.place;
}

function idTicket(trait: MemberTraits, { key, secret }: PolicyContext): number {
  trait.id ??= keyedHash(secret, `${bytesText(key)}\u0001${bytesText(trait.member.provider)}`);
  return trait.id;
}

function fnv1a(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
  // 0 stands for none.
  return hash === 0 ? 1 : hash;
}

import type { Random } from '../../env.ts';
import { bytesText } from '../bytes.ts';
import type { Distance } from '../distance.ts';
import { addressPrefix } from './address-prefix.ts';
import { keyedHash, type HashKey } from './keyed-hash.ts';

/** A provider as policies see it. */
export interface PolicyMember {
  readonly provider: Uint8Array;
  readonly addresses: readonly string[];
  /** Who sent it, as observed. */
  readonly origin: string | undefined;
  readonly storedAt: number;
}

/** What policies may decide by. */
export interface PolicyContext {
  readonly key: Uint8Array;
  readonly distance: Distance;
  readonly random: Random;
  /** Secret of this store, so that nobody can search for ids that win. */
  readonly secret: HashKey;
}

/** Decides who goes when a key has all the providers it may have. */
export interface FullKeyPolicy {
  readonly name: string;
  /** Index of the incumbent that the newcomer replaces; -1 refuses the newcomer. `incumbents` holds at least one, all live, none local. */
  choose(newcomer: PolicyMember, incumbents: readonly PolicyMember[], context: PolicyContext): number;
}

/** The names of the built-in policies. */
export type FullKeyPolicyName = 'incumbents' | 'random' | 'closest' | 'diverse';

/** Who came first stays: libp2p's in Rust since kad 0.46. */
const incumbents: FullKeyPolicy = { name: 'incumbents', choose: () => -1 };

/** One of all, the newcomer among them, goes. */
const random: FullKeyPolicy = {
  name: 'random',
  choose: (_newcomer, members, context) => {
    const picked = Math.floor(context.random.float() * (members.length + 1));
    return picked === members.length ? -1 : picked;
  },
};

/** The one farthest from the key goes: what libp2p's documentation recommends. */
const closest: FullKeyPolicy = {
  name: 'closest',
  choose: (newcomer, members, { key, distance }) => {
    let farthest = distance(key, newcomer.provider);
    let at = -1;
    for (const [index, { provider }] of members.entries()) {
      const far = distance(key, provider);
      if (far > farthest) {
        farthest = far;
        at = index;
      }
    }
    return at;
  },
};

/**
 * Who comes from the most crowded origin goes; among those, who claims the most crowded network; among
 * those, who has the highest ticket. A ticket is a secret hash of key and origin (network where there is
 * no origin): it stands for where a provider comes from, so more ids are no more tickets, and trying
 * again draws no other. Origins are what this node saw; networks are claims, and count after them.
 */
const diverse: FullKeyPolicy = {
  name: 'diverse',
  choose: (newcomer, members, context) => {
    const all = [...members, newcomer];
    const origins = all.map((member) => member.origin);
    const prefixes = all.map((member) => prefixesOf(member));
    const crowdOfOrigin = tally(origins.map((origin) => (origin === undefined ? [] : [origin])));
    const crowdOfPrefix = tally(prefixes);
    const key = bytesText(context.key);
    let worst = 0;
    let worstScore: Score | undefined;
    for (const [at, member] of all.entries()) {
      const origin = origins[at];
      const place = origin ?? prefixes[at]!.join(' ');
      const score: Score = [
        origin === undefined ? 0 : crowdOfOrigin.get(origin)!,
        prefixes[at]!.reduce((most, prefix) => Math.max(most, crowdOfPrefix.get(prefix)!), 0),
        keyedHash(context.secret, `${key}\u0000${place}`),
        keyedHash(context.secret, `${key}\u0001${bytesText(member.provider)}`),
      ];
      if (worstScore === undefined || isWorse(score, worstScore)) {
        worst = at;
        worstScore = score;
      }
    }
    return worst === members.length ? -1 : worst;
  },
};

const POLICIES: Readonly<Record<FullKeyPolicyName, FullKeyPolicy>> = { incumbents, random, closest, diverse };

/** @throws TypeError for a name that is none. */
export function fullKeyPolicy(policy: FullKeyPolicyName | FullKeyPolicy = 'diverse'): FullKeyPolicy {
  if (typeof policy === 'object') return policy;
  const found = Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
  if (found === undefined) throw new TypeError(`policies.fullKey must be one of ${Object.keys(POLICIES).join(', ')} or a policy, got ${policy}`);
  return found;
}

/** Crowd by origin, by network, ticket of the place, ticket of the id: compared in this order. */
type Score = readonly [number, number, number, number];

function isWorse(score: Score, than: Score): boolean {
  for (let at = 0; at < 4; at++) if (score[at] !== than[at]) return score[at]! > than[at]!;
  return false;
}

function prefixesOf(member: PolicyMember): readonly string[] {
  return [...new Set(member.addresses.map(addressPrefix))].sort();
}

function tally(groups: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const group of groups) for (const name of group) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

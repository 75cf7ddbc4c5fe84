import type { Random } from '../../env.ts';
import type { Distance } from '../distance.ts';
import { Crowds } from './crowds.ts';
import type { HashKey } from './keyed-hash.ts';
import { cachedTraits, distanceOf, drawsHigher, traitsOf, type MemberTraits } from './member-traits.ts';

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
  choose: (newcomer, members, context) => {
    let farthest = context.distance(context.key, newcomer.provider);
    let at = -1;
    for (const [index, member] of members.entries()) {
      const far = distanceOf(member, context);
      if (far > farthest) {
        farthest = far;
        at = index;
      }
    }
    return at;
  },
};

const crowds = new Crowds();

/**
 * Who comes from the most crowded origin goes; among those, who claims the most crowded network; among
 * those, who has the highest ticket. A ticket is a secret hash of key and origin (network where there is
 * no origin): it stands for where a provider comes from, so more ids are no more tickets, and trying
 * again draws no other. Origins are what this node saw; networks are claims, and count after them.
 */
const diverse: FullKeyPolicy = {
  name: 'diverse',
  choose: (newcomer, members, context) => {
    const traits: MemberTraits[] = [];
    for (const member of members) traits.push(cachedTraits(member));
    traits.push(traitsOf(newcomer));
    crowds.of(traits);
    let worst = 0;
    let worstCrowd = -1;
    let worstNetwork = -1;
    for (let at = 0; at < traits.length; at++) {
      const trait = traits[at]!;
      const crowd = crowds.fromOrigin(at);
      if (crowd < worstCrowd) continue;
      const network = crowds.inNetwork(at);
      if (crowd === worstCrowd && (network < worstNetwork || (network === worstNetwork && !drawsHigher(trait, traits[worst]!, context)))) continue;
      worst = at;
      worstCrowd = crowd;
      worstNetwork = network;
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

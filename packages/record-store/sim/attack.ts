import { SeededRandom } from '@p2p/testkit';
import { MemoryRecordStore, type FullKeyPolicyName } from '../src/index.ts';
import { acceptAny } from '../src/validators/validator.ts';

const HOUR_MS = 3_600_000;
const KEY: Uint8Array = new Uint8Array(32).fill(0x5a);

/** How the attacker comes by his ids and addresses. */
export interface Attack {
  readonly name: string;
  readonly what: string;
  /** When the honest announce themselves, as a share of the flood: 0 before it, 1 after it. */
  readonly honestAt: (random: SeededRandom) => number;
  /** Networks (as observed origins) that the attacker has. */
  readonly origins: number;
  /** Ids are searched for, so that they are this much closer to the key than chance: a factor of tries per id. */
  readonly triesPerId: number;
  /** Addresses that Sybils claim: their own network's, or those of honest providers. */
  readonly claims: 'own' | 'honest';
  /** Every Sybil announces itself so often. */
  readonly rounds: number;
}

/** 10 000 Sybils each. */
export const ATTACKS: readonly Attack[] = [
  { name: 'late flood', what: 'the honest are there first; 8 networks', honestAt: () => 0, origins: 8, triesPerId: 1, claims: 'own', rounds: 1 },
  { name: 'squatting', what: 'the flood is there first; 8 networks', honestAt: () => 1, origins: 8, triesPerId: 1, claims: 'own', rounds: 1 },
  { name: 'mixed', what: 'the honest come at any time; 8 networks', honestAt: (random) => random.float(), origins: 8, triesPerId: 1, claims: 'own', rounds: 1 },
  { name: 'eclipse', what: 'ids searched for near the key; 8 networks', honestAt: (random) => random.float(), origins: 8, triesPerId: 16, claims: 'own', rounds: 1 },
  { name: 'framing', what: 'Sybils claim the addresses of the honest; 8 networks', honestAt: (random) => random.float(), origins: 8, triesPerId: 1, claims: 'honest', rounds: 1 },
  { name: 'persistent', what: 'every Sybil announces itself ten times; 8 networks', honestAt: (random) => random.float(), origins: 8, triesPerId: 1, claims: 'own', rounds: 10 },
  { name: 'small botnet', what: 'Sybils in 64 networks', honestAt: (random) => random.float(), origins: 64, triesPerId: 1, claims: 'own', rounds: 1 },
  { name: 'botnet', what: 'Sybils in 1000 networks', honestAt: (random) => random.float(), origins: 1000, triesPerId: 1, claims: 'own', rounds: 1 },
];

export const SYBILS = 10_000;
export const HONEST = 10;

/** The share of the honest that are still listed after the flood. */
export async function survivors(policy: FullKeyPolicyName, attack: Attack, seed: string, sybils: number = SYBILS): Promise<number> {
  const random = new SeededRandom(`${seed}/${attack.name}`);
  // Cheap instead of SHA-256: ids are random, so the distance of their first 48 bits is as good.
  const distance = (_key: Uint8Array, id: Uint8Array): bigint => BigInt(near(id));
  let nowMs = 1_800_000_000_000;
  const store = new MemoryRecordStore({
    localId: Uint8Array.of(1),
    validators: { default: acceptAny() },
    policies: { fullKey: policy },
    distance,
    // The policy alone is tested: a quota of providers per origin would stop most of the flood before it.
    limits: { perOrigin: { maxProviders: 'unlimited' } },
    clock: { now: () => nowMs },
    random: random.fork(`store/${policy}`),
  });
  const honestIds = Array.from({ length: HONEST }, () => random.bytes(32));
  const honestNetwork = honestIds.map(() => `${1 + random.integer(200)}.${random.integer(256)}`);
  const announcements: { at: number; add: () => Promise<unknown> }[] = [];
  for (const [index, provider] of honestIds.entries()) {
    const origin = honestNetwork[index]!;
    announcements.push({ at: attack.honestAt(random), add: () => store.addProvider({ key: KEY, provider, addresses: [`${origin}.7.${index}:4001`] }, { origin }) });
  }
  for (let sybil = 0; sybil < sybils; sybil++) {
    let provider = random.bytes(32);
    for (let attempt = 1; attempt < attack.triesPerId; attempt++) {
      const other = random.bytes(32);
      if (near(other) < near(provider)) provider = other;
    }
    const origin = `${220 + Math.floor((sybil % attack.origins) / 256)}.${sybil % attack.origins % 256}`;
    const address = attack.claims === 'own' ? `${origin}.1.${sybil % 256}:4001` : `${honestNetwork[sybil % HONEST]!}.9.${sybil % 256}:4001`;
    for (let round = 0; round < attack.rounds; round++) announcements.push({ at: random.float(), add: () => store.addProvider({ key: KEY, provider, addresses: [address] }, { origin }) });
  }
  announcements.sort((one, other) => one.at - other.at);
  for (const { add } of announcements) {
    // Twelve hours in all: nothing expires meanwhile.
    nowMs += (12 * HOUR_MS) / announcements.length;
    await add();
  }
  const listed = new Set((await store.providers(KEY)).map(({ provider }) => provider.join()));
  return honestIds.filter((id) => listed.has(id.join())).length / HONEST;
}

function near(id: Uint8Array): number {
  let distance = 0;
  for (let at = 0; at < 6; at++) distance = distance * 256 + (id[at]! ^ KEY[at]!);
  return distance;
}

import { describe, expect, test } from 'vitest';
import { ATTACKS, survivors } from '../../sim/attack.ts';

const SEED = 'ci';
const attacks = ATTACKS.filter(({ origins }) => origins <= 20);

/** The whole comparison is `sim/run.ts`; this holds what the README concludes from it. */
describe(`honest providers against 1000 Sybils, seed ${SEED}`, () => {
  test.each(attacks)('diverse keeps all of them where the attacker has few networks: $name', async (attack) => {
    expect(await survivors('diverse', attack, SEED, 1000)).toBe(1);
  });

  test('each of the others loses most of them somewhere', async () => {
    for (const policy of ['incumbents', 'random', 'closest'] as const) {
      const shares = await Promise.all(attacks.map((attack) => survivors(policy, attack, SEED, 1000)));
      expect(Math.min(...shares), policy).toBeLessThanOrEqual(0.2);
    }
  });

  test('in as many networks as there are Sybils, a lottery over networks is what is left', async () => {
    const attack = { ...ATTACKS[2]!, name: 'lottery', origins: 90 };
    const shares = await Promise.all(Array.from({ length: 20 }, (_, seed) => survivors('diverse', attack, `${SEED}/${seed}`, 900)));
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    // 20 places for 100 networks: a fifth of the honest, give or take.
    expect(mean).toBeGreaterThan(0.1);
    expect(mean).toBeLessThan(0.3);
  });
});

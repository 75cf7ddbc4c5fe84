import { createDat, generateKeyPair, keyPairFromSeed, type Dat, type Verdict } from '@p2p/dave-wire';

/** The clock of the rules below, Unix ms. */
export const NOW_MS = 1_800_000_000_000;

export const rules = { now: (): number => NOW_MS, minWork: 8, skewMs: 0 };

const { privateKey } = keyPairFromSeed(new Uint8Array(32).fill(11));

export async function validDat(index: number, valueBytes = 19): Promise<Dat> {
  return await createDat({ privateKey, key: `key ${index} ä€😀`, value: new Uint8Array(valueBytes).fill(index), time: NOW_MS - 10_000 + index });
}

/** Dats with the verdict that each must get: all reasons, and shapes that no slot of a ring takes. */
export async function samples(): Promise<{ dat: Dat; verdict: Verdict }[]> {
  const dat = await validDat(1);
  const refused = (reason: Extract<Verdict, { valid: false }>['reason'], change: Partial<Dat>): { dat: Dat; verdict: Verdict } => ({
    dat: { ...dat, ...change },
    verdict: { valid: false, reason },
  });
  return [
    { dat, verdict: { valid: true } },
    { dat: await validDat(2, 0), verdict: { valid: true } },
    { dat: await validDat(3, 1200), verdict: { valid: true } },
    { dat: await createDat({ privateKey, key: '', value: new Uint8Array(1), time: 0 }), verdict: { valid: true } },
    { dat: await createDat({ privateKey, key: '\u{feff}bom', value: new Uint8Array(1), time: 1 }), verdict: { valid: true } },
    { dat: await createDat({ privateKey, key: 'k'.repeat(255), value: new Uint8Array(900), time: 2 }), verdict: { valid: true } },
    refused('future', { time: NOW_MS + 1 }),
    refused('work-too-low', { work: new Uint8Array(32).fill(255) }),
    refused('work-mismatch', { salt: new Uint8Array(16) }),
    refused('signature', { publicKey: generateKeyPair().publicKey }),
    refused('signature', { key: 'another' }),
    refused('signature', { value: new Uint8Array(20) }),
    refused('signature', { value: new Uint8Array(60_000) }),
    refused('malformed', { salt: new Uint8Array(15) }),
    refused('malformed', { signature: new Uint8Array(65) }),
    refused('malformed', { publicKey: new Uint8Array(0) }),
    refused('malformed', { key: '\ud800' }),
    refused('malformed', { key: 'k'.repeat(256) }),
    refused('malformed', { key: '€'.repeat(100) }),
    refused('malformed', { value: new Uint8Array(70_000) }),
    refused('malformed', { time: -1 }),
    refused('malformed', { time: 1.5 }),
    refused('malformed', { time: Number.NaN }),
  ];
}

import { describe, expect, it } from 'vitest';
import {
  blake3,
  createChallenge,
  decodeDat,
  encodeDat,
  generateKeyPair,
  saltBinding,
  solveChallenge,
  solveWork,
  verifyDat,
  verifySolution,
  verifySolutionSync,
  type AddrPort,
  type Dat,
  type Solution,
} from '../../src/api.ts';
import { everyBackend } from '../every-backend.ts';
import { seededRandom } from '../seeded-random.ts';

const NOW = 1_800_000_000_000;
const ASKER: AddrPort = { address: '192.0.2.7', port: 127 };
const { privateKey, publicKey } = generateKeyPair();

it('a challenge is 32 bytes of the given source', () => {
  expect(createChallenge(seededRandom(1))).toEqual(seededRandom(1).bytes(32));
});

describe('a solution', () => {
  const challenge = createChallenge(seededRandom(2));

  it('convinces the asker, from and for every backend', async () => {
    for (const signer of everyBackend()) {
      const solution = solveChallenge(challenge, privateKey, seededRandom(3), { backend: signer });
      expect(solution.publicKey).toEqual(publicKey);
      for (const backend of everyBackend()) {
        expect(await verifySolution(solution, challenge, { backend })).toBe(true);
        expect(verifySolutionSync(solution, challenge, { backend })).toBe(true);
      }
    }
  });

  it('does not convince who has asked something else', async () => {
    const solution = solveChallenge(challenge, privateKey, seededRandom(3));
    expect(await verifySolution(solution, createChallenge(seededRandom(4)))).toBe(false);
    expect(verifySolutionSync(solution, new Uint8Array(0))).toBe(false);
  });

  it.each(['challenge', 'salt', 'publicKey', 'signature'] as const)('with a %s of another length is wrong, not an exception', async (field) => {
    const solution = solveChallenge(challenge, privateKey, seededRandom(3));
    for (const length of [0, solution[field].length - 1, solution[field].length + 1]) {
      const changed: Solution = { ...solution, [field]: new Uint8Array(length) };
      expect(await verifySolution(changed, challenge)).toBe(false);
      expect(verifySolutionSync(changed, changed.challenge)).toBe(false);
    }
  });

  it.each([0, 31, 33])('is not made for a challenge of %d bytes', (length) => {
    expect(() => solveChallenge(new Uint8Array(length), privateKey, seededRandom(3))).toThrow(expect.objectContaining({ code: 'WIRE_BAD_LENGTH' }));
  });

  it('shares no memory with the challenge or the source of randomness', () => {
    const mine = challenge.slice();
    const buffer = new Uint8Array(16);
    const solution = solveChallenge(mine, privateKey, { bytes: () => buffer });
    mine.fill(0);
    buffer.fill(255);
    expect(verifySolutionSync(solution, challenge)).toBe(true);
  });
});

describe('the signing oracle', () => {
  /** What an attacker wants signed: 40 bytes of key and value, in the challenge and the first half of the salt. */
  const challenge = new TextEncoder().encode('balance/mallory=1000000000000000');
  /** A salt whose second half is a time in the past. */
  const salt = new Uint8Array(16);
  new DataView(salt.buffer).setBigUint64(8, BigInt(NOW - 5000), true);

  /** The dat that a signed challenge ‖ salt can be passed off as. */
  async function forge(solution: Solution): Promise<Dat> {
    const time = Number(new DataView(solution.salt.buffer, solution.salt.byteOffset).getBigUint64(8, true));
    const { salt: nonce, work } = await solveWork(solution.signature, 8);
    const value = Uint8Array.from([...solution.challenge.subarray(15), ...solution.salt.subarray(0, 8)]);
    return { time, salt: nonce, work, signature: solution.signature, publicKey: solution.publicKey, key: 'balance/mallory', value };
  }

  it('works against a node that signs any salt', async () => {
    const [backend] = everyBackend();
    const naive: Solution = { challenge, salt, publicKey, signature: backend!.sign(blake3(challenge, salt), privateKey) };
    expect(await verifySolution(naive, challenge)).toBe(true);
    expect(await verifyDat(await forge(naive), { now: NOW })).toEqual({ valid: true });
  });

  it('does not work against ours, even if the source of randomness is the attacker\'s', async () => {
    const solution = solveChallenge(challenge, privateKey, { bytes: () => salt });
    expect(await verifySolution(solution, challenge)).toBe(true);
    const forged = await forge(solution);
    expect(await verifyDat(forged, { now: NOW })).toEqual({ valid: false, reason: 'malformed' });
    expect(await verifyDat({ ...forged, time: NOW - 5000 }, { now: NOW })).toEqual({ valid: false, reason: 'signature' });
    const raw = encodeDat({ ...forged, time: 0 });
    raw.set(solution.salt.subarray(8), 0);
    expect(() => decodeDat(raw)).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
  });

  it('is closed for every salt, bound or not: the top two bits of its last byte are 01', () => {
    for (let byte = 0; byte < 256; byte++) {
      const random = { bytes: (length: number) => new Uint8Array(length).fill(byte) };
      expect(solveChallenge(challenge, privateKey, random).salt[15]! >> 6).toBe(1);
      expect(solveChallenge(challenge, privateKey, random, { boundTo: { ...ASKER, port: byte } }).salt[15]! >> 6).toBe(1);
    }
  });

  it('is not closed by Go\'s arithmetic alone: it is because no wrapped time hashes as it was signed', () => {
    // Go holds a time as int64 nanoseconds and hashes nanoseconds / 10^6: only these ms survive the way there and back.
    const hashedByGo = (ms: bigint): bigint => BigInt.asUintN(64, BigInt.asIntN(64, BigInt.asIntN(64, ms) * 1_000_000n) / 1_000_000n);
    for (const low of [0n, 1n, 12345n, 2n ** 32n, 2n ** 61n, 2n ** 62n - 1n]) {
      const ms = 2n ** 62n + low;
      expect(hashedByGo(ms)).not.toBe(ms);
    }
    expect(hashedByGo(BigInt(NOW))).toBe(BigInt(NOW));
  });
});

describe('an answer bound to the asker', () => {
  const challenge = createChallenge(seededRandom(5));
  const bound = solveChallenge(challenge, privateKey, seededRandom(6), { boundTo: ASKER });

  it('matches that address only', async () => {
    expect(await verifySolution(bound, challenge)).toBe(true);
    expect(saltBinding(bound, ASKER)).toBe('match');
    expect(saltBinding(bound, { address: '::ffff:192.0.2.7', port: 127 })).toBe('match');
    expect(saltBinding(bound, { ...ASKER, port: 128 })).toBe('mismatch');
    expect(saltBinding(bound, { ...ASKER, address: '192.0.2.8' })).toBe('mismatch');
    expect(saltBinding(bound, { ...ASKER, address: '2001:db8::7' })).toBe('mismatch');
  });

  it('matches that challenge only', () => {
    expect(saltBinding({ ...bound, challenge: createChallenge(seededRandom(7)) }, ASKER)).toBe('mismatch');
  });

  it('exposes a relay, which can neither strip nor change the binding', async () => {
    // The victim asks the relay; the relay asks the honest node, which binds to the relay's address.
    const relay: AddrPort = { address: '198.51.100.9', port: 9000 };
    const relayed = solveChallenge(challenge, privateKey, seededRandom(8), { boundTo: relay });
    expect(await verifySolution(relayed, challenge)).toBe(true);
    expect(saltBinding(relayed, ASKER)).toBe('mismatch');
    const stripped = { ...relayed, salt: seededRandom(9).bytes(16) };
    const rebound = { ...relayed, salt: bound.salt };
    expect(saltBinding(stripped, ASKER)).toBe('unbound');
    expect(saltBinding(rebound, ASKER)).toBe('match');
    expect(await verifySolution(stripped, challenge)).toBe(false);
    expect(await verifySolution(rebound, challenge)).toBe(false);
  });

  it('is told from one that is not, as those of Go nodes', () => {
    expect(saltBinding(solveChallenge(challenge, privateKey, seededRandom(10)), ASKER)).toBe('unbound');
  });

  it.each([{ address: 'example.org', port: 1 }, { address: '192.0.2.7', port: 65_536 }])('is refused for $address port $port', (boundTo) => {
    expect(() => solveChallenge(challenge, privateKey, seededRandom(11), { boundTo })).toThrow(expect.objectContaining({ code: 'WIRE_BAD_VALUE' }));
  });
});

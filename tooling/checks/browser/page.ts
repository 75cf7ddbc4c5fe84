/** What the dashboard does with the package: sign, prove with a worker, verify, encode, decode; all in the page. */
import {
  createChallenge,
  createDat,
  decodeMessage,
  defaultBackend,
  encodeMessage,
  generateKeyPair,
  leadingZeroBits,
  peerIdOf,
  solveChallenge,
  systemRandom,
  verifyDat,
  verifySolution,
} from '@p2p/dave-wire';

export interface PageResult {
  readonly backend: string;
  readonly bits: number;
  readonly verdict: unknown;
  readonly tampered: unknown;
  readonly solutionHolds: boolean;
  readonly peerId: string;
  /** Hex of the PUT, for the test to decode and verify in Node. */
  readonly put: string;
}

async function exercise(): Promise<PageResult> {
  const { privateKey, publicKey } = generateKeyPair();
  // Two threads are asked for, because the default is the page's own thread below 20 bits.
  const dat = await createDat({ privateKey, key: 'greeting', value: new TextEncoder().encode('from a page'), difficulty: 16 }, { threads: 2 });
  const put = encodeMessage({ op: 'put', entry: { dat, replicas: [] } });
  const decoded = decodeMessage(put);
  if (decoded.op !== 'put') throw new Error(`A PUT was decoded as ${decoded.op}.`);
  const now = Date.now();
  const challenge = createChallenge(systemRandom);
  return {
    backend: defaultBackend().name,
    bits: leadingZeroBits(decoded.entry.dat.work),
    verdict: await verifyDat(decoded.entry.dat, { now, minWork: 16 }),
    tampered: await verifyDat({ ...decoded.entry.dat, key: 'greetinG' }, { now, minWork: 16 }),
    solutionHolds: await verifySolution(solveChallenge(challenge, privateKey, systemRandom), challenge),
    peerId: peerIdOf(publicKey).toString(),
    put: Array.from(put, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}

Object.assign(globalThis, { exercise });

/**
 * verifyDat against the bare signature check of each library, on the same dats. Run with
 * `pnpm bench:verify` (some 20 s). Each round runs all subjects in turn and ratios are taken within a
 * round: the speed of a shared machine wanders by more than the differences that are looked for.
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { ed25519 } from '@noble/curves/ed25519.js';
import { createDat, datDigest, generateKeyPair, verifyDat, verifyDatSync, type Dat, type SignatureBackend } from '../src/index.node.ts';
import { nobleBackend } from '../src/signature/noble.ts';
import { nodeBackend, sodiumBackend, sodiumFailure } from '../src/node.ts';

if (sodiumBackend === undefined) throw new Error('Install sodium-native to run this.', { cause: sodiumFailure });
const sodium = createRequire(import.meta.url)('sodium-native') as {
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
};

const AUTHORS = 16;
/** Many short slices: a neighbour on the machine then disturbs few of them. */
const ROUNDS = 101;
const NOW = Date.now();
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** A dat and what the bare check of it takes, prepared. */
interface Sample {
  readonly dat: Dat;
  readonly digest: Uint8Array;
  readonly key: KeyObject;
}

interface Contest {
  readonly backend: SignatureBackend;
  readonly checks: number;
  /** The library by itself. */
  readonly bare: (sample: Sample) => boolean;
  /** Likewise, for backends that check off the calling thread. */
  readonly bareAsync?: (sample: Sample) => Promise<boolean>;
}

async function samplesOf(valueBytes: number): Promise<Sample[]> {
  const pairs = Array.from({ length: AUTHORS }, () => generateKeyPair());
  return Promise.all(
    pairs.map(async ({ privateKey }, at) => {
      const dat = await createDat({ privateKey, key: `key-${at}`, value: new Uint8Array(valueBytes).fill(at), now: NOW });
      const x = Buffer.from(dat.publicKey).toString('base64url');
      return { dat, digest: datDigest(dat), key: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }) };
    }),
  );
}

/** Microseconds per check, one after another. A promise is only awaited where there is one. */
async function microseconds(checks: number, samples: readonly Sample[], check: (sample: Sample) => boolean | Promise<boolean>): Promise<number> {
  const from = performance.now();
  for (let at = 0; at < checks; at++) {
    const outcome = check(samples[at % samples.length]!);
    if (!(typeof outcome === 'boolean' ? outcome : await outcome)) throw new Error('A valid dat was refused.');
  }
  return ((performance.now() - from) * 1000) / checks;
}

async function compare({ backend, checks, bare, bareAsync }: Contest, valueBytes: number): Promise<Record<string, unknown>> {
  const samples = await samplesOf(valueBytes);
  const options = { now: NOW, backend };
  const times = { bare: [] as number[], bareAsync: [] as number[], sync: [] as number[], async: [] as number[] };
  for (let round = -20; round < ROUNDS; round++) {
    const measured = {
      bare: await microseconds(checks, samples, bare),
      sync: await microseconds(checks, samples, ({ dat }) => verifyDatSync(dat, options).valid),
      bareAsync: await microseconds(checks, samples, bareAsync ?? bare),
      async: await microseconds(checks, samples, async ({ dat }) => (await verifyDat(dat, options)).valid),
    };
    if (round >= 0) for (const [name, value] of Object.entries(measured)) times[name as keyof typeof times].push(value);
  }
  const ratio = (of: readonly number[], to: readonly number[]): string => median(of.map((value, round) => value / to[round]!)).toFixed(2);
  return {
    backend: backend.name,
    'value bytes': valueBytes,
    'bare µs': median(times.bare).toFixed(1),
    'verifyDatSync µs': median(times.sync).toFixed(1),
    '× bare': ratio(times.sync, times.bare),
    'bare promise µs': bareAsync === undefined ? '' : median(times.bareAsync).toFixed(1),
    'verifyDat µs': median(times.async).toFixed(1),
    '× bare ': ratio(times.async, times.bareAsync),
  };
}

const contests: readonly Contest[] = [
  { backend: sodiumBackend, checks: 64, bare: ({ dat, digest }) => sodium.crypto_sign_verify_detached(dat.signature, digest, dat.publicKey) },
  {
    backend: nodeBackend,
    checks: 32,
    bare: ({ dat, digest, key }) => verify(null, digest, key, dat.signature),
    bareAsync: ({ dat, digest, key }) =>
      new Promise((resolve, reject) => verify(null, digest, key, dat.signature, (error, valid) => (error === null ? resolve(valid) : reject(error)))),
  },
  { backend: nobleBackend, checks: 4, bare: ({ dat, digest }) => ed25519.verify(dat.signature, digest, dat.publicKey, { zip215: false }) },
];

const rows: Record<string, unknown>[] = [];
for (const contest of contests) for (const valueBytes of [19, 1024]) rows.push(await compare(contest, valueBytes));
console.table(rows);

import { createDat, decodeMessage, encodeMessageInto, generateKeyPair, MAX_PACKET, verifyDatSync, type Message } from '@p2p/dave-wire';

const ITERATIONS = 200_000;
const VERIFICATIONS = 4000;

function nsPerCall(iterations: number, call: () => void): number {
  for (let index = 0; index < iterations / 10; index += 1) call();
  const startedMs = performance.now();
  for (let index = 0; index < iterations; index += 1) call();
  return ((performance.now() - startedMs) * 1e6) / iterations;
}

/** Nanoseconds of our codec for a PUT with a value of `valueBytes`, and of a whole verification. */
export async function ourTimes(valueBytes: number): Promise<{ encodeNs: number; decodeNs: number; verifyNs: number }> {
  const dat = await createDat({ privateKey: generateKeyPair().privateKey, key: 'bench-key', value: new Uint8Array(valueBytes).fill(0x78) });
  const put: Message = { op: 'put', entry: { dat, replicas: [1n, 2n, 3n, 4n, 5n] } };
  const target = new Uint8Array(MAX_PACKET);
  const length = encodeMessageInto(put, target);
  const bytes = target.slice(0, length);
  let sink = 0;
  const encodeNs = nsPerCall(ITERATIONS, () => {
    sink += encodeMessageInto(put, target);
  });
  const decodeNs = nsPerCall(ITERATIONS, () => {
    sink += decodeMessage(bytes).op.length;
  });
  const verifyNs = nsPerCall(VERIFICATIONS, () => {
    sink += verifyDatSync(dat, { now: dat.time + 1 }).valid ? 1 : 0;
  });
  if (!Number.isFinite(sink)) throw new Error('nothing was measured');
  return { encodeNs, decodeNs, verifyNs };
}

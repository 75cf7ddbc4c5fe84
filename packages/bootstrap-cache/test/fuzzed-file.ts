import { crc32 } from 'node:zlib';
import type { SeededRandom } from '@p2p/testkit';
import { encodeSection, frameFile } from '../src/file-format.ts';

/** Values that msgpack can hold and that no field expects. */
const STRANGE: readonly unknown[] = [null, true, -1, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 32, -(2 ** 40), '', 'x'.repeat(300), '\u0000', '__proto__', [], [[[[]]]], new Uint8Array(0), new Uint8Array(300)];

/** A spoilt copy of a sound file: by damage that the checksum finds, or by content whose checksum fits. */
export function fuzzFile(sound: Uint8Array, entries: readonly unknown[][], random: SeededRandom): Uint8Array {
  switch (random.integer(5)) {
    case 0:
      return sound.slice(0, random.integer(sound.length));
    case 1:
      return flipped(sound, 1 + random.integer(8), random);
    case 2: {
      const out = flipped(sound, 1 + random.integer(20), random);
      return withFittingSum(out);
    }
    case 3: {
      const from = random.integer(sound.length);
      const length = random.integer(64);
      return withFittingSum(Buffer.concat([sound.subarray(0, from), random.bytes(length), sound.subarray(from + random.integer(64))]));
    }
    default:
      return hostile(entries, random);
  }
}

function flipped(sound: Uint8Array, bits: number, random: SeededRandom): Uint8Array {
  const out = sound.slice();
  for (let bit = 0; bit < bits; bit++) out[random.integer(out.length)]! ^= 1 << random.integer(8);
  return out;
}

function withFittingSum(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  if (out.length < 5) return out;
  out[out.length - 5] = 0xce;
  new DataView(out.buffer, out.byteOffset).setUint32(out.length - 4, crc32(out.subarray(0, -5)));
  return out;
}

function hostile(entries: readonly unknown[][], random: SeededRandom): Uint8Array {
  const spoilt = entries.map((entry) => {
    const copy: unknown[] = [...entry];
    if (random.chance(0.4)) copy[random.integer(copy.length)] = random.pick(STRANGE);
    if (random.chance(0.1)) copy.length = random.integer(copy.length);
    return random.chance(0.05) ? random.pick(STRANGE) : copy;
  });
  const usual = (value: number): number => (random.chance(0.95) ? value : (random.pick(STRANGE) as number));
  const header = { network: 'default', savedAt: usual(1_800_000_000_000), maxPeers: usual(1000), peerSections: usual(1), peers: usual(entries.length) };
  const tombstones = random.chance(0.5) ? [] : [[random.pick(STRANGE), random.pick(STRANGE)], random.pick(STRANGE)];
  return Buffer.concat(frameFile(header, [encodeSection(spoilt)], tombstones, crc32));
}

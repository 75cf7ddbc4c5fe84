import { encodeMessageInto, tryDecodeMessage } from '../../src/api.ts';
import { isDeepStrictEqual } from 'node:util';
import { checkPacket, Violation } from './check-packet.ts';
import { mutate } from './mutate.ts';
import { randomMessage } from './random-message.ts';
import { SeededRandom } from './seeded-random.ts';

/** Longer than MAX_PACKET, so that packets above it occur. */
const LARGEST = 1600;
const MARGIN = 64;

/** How often each op and code came out. */
export type Tally = Map<string, number>;

/**
 * Sends `count` packets through the codec: one in four random after the op byte, the others messages of which most are
 * mutated. Each lies at a varying offset in a larger buffer, and is decoded twice with different bytes around it: what
 * reads outside the packet shows as a difference.
 *
 * @throws Violation with the packet in hex.
 */
export function fuzzPackets(count: number, seed: number): Tally {
  const random = new SeededRandom(seed);
  const buffer = new Uint8Array(LARGEST + 2 * MARGIN);
  const surroundings = new Uint8Array(LARGEST + 2 * MARGIN);
  const tally: Tally = new Map();
  for (let packet = 0; packet < count; packet += 1) {
    const start = random.below(MARGIN);
    const bytes = buffer.subarray(start, start + nextPacket(buffer.subarray(start, start + LARGEST), random));
    const end = start + bytes.length;
    random.scribble(buffer, end, Math.min(end + 16, buffer.length));
    try {
      const outcome = checkPacket(bytes);
      surroundings.set(buffer);
      surroundings.fill(~buffer[end]!, end);
      surroundings.fill(~buffer[start - 1]!, 0, start);
      if (!isDeepStrictEqual(tryDecodeMessage(surroundings.subarray(start, end)), tryDecodeMessage(bytes))) {
        throw new Violation('the bytes around the packet change the result');
      }
      tally.set(outcome, (tally.get(outcome) ?? 0) + 1);
    } catch (cause) {
      throw new Violation(`packet ${packet} of seed ${seed}: ${Buffer.from(bytes).toString('hex')}`, { cause });
    }
  }
  return tally;
}

/** Writes a packet to the start of `target` and returns its length. */
export function nextPacket(target: Uint8Array, random: SeededRandom): number {
  if (random.chance(4)) {
    const length = random.below(random.chance(8) ? LARGEST : 260);
    random.scribble(target, 0, length);
    if (length > 0 && !random.chance(8)) target[0] = random.below(9);
    return length;
  }
  const length = encodeMessageInto(randomMessage(random), target);
  return random.chance(5) ? length : mutate(target, length, random);
}

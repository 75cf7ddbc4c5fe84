import { FrameDecoder, tryDecodeMessage, WireError } from '../../src/api.ts';
import { Violation } from './check-packet.ts';
import { nextPacket } from './fuzz-packets.ts';
import { SeededRandom } from './seeded-random.ts';

const STREAM_BYTES = 262_144;

export type StreamTally = { streams: number; bytes: number; frames: number; messages: number; errors: number; cutOff: number };

/** What a stream holds, told from all of it at once. */
type Truth = { frames: [start: number, end: number][]; failure?: 'WIRE_EMPTY' | 'WIRE_TOO_LONG'; pendingBytes: number };

/**
 * Sends at least `byteCount` bytes of TCP through frame decoders: streams of framed packets, most of them mutated, some
 * with a broken prefix, some cut off, in random chunks. Compares each with what reading it at once says.
 *
 * @throws Violation with the stream's number and the seed.
 */
export function fuzzStream(byteCount: number, seed: number): StreamTally {
  const random = new SeededRandom(seed);
  const buffer = new Uint8Array(STREAM_BYTES);
  const tally: StreamTally = { streams: 0, bytes: 0, frames: 0, messages: 0, errors: 0, cutOff: 0 };
  while (tally.bytes < byteCount) {
    const stream = buffer.subarray(0, nextStream(buffer, random));
    try {
      checkStream(stream, random, tally);
    } catch (cause) {
      throw new Violation(`stream ${tally.streams} of seed ${seed}`, { cause });
    }
    tally.streams += 1;
    tally.bytes += stream.length;
  }
  return tally;
}

function nextStream(target: Uint8Array, random: SeededRandom): number {
  const size = random.chance(4) ? target.length : random.below(32_768);
  if (random.chance(50)) {
    random.scribble(target, 0, size);
    return size;
  }
  const breakAt = random.chance(2) ? random.below(size + 1) : Number.POSITIVE_INFINITY;
  let offset = 0;
  // A packet and its mutations take at most 1600 bytes.
  while (offset + 1602 <= size) {
    const length = Math.min(nextPacket(target.subarray(offset + 2, offset + 1602), random), offset < breakAt ? 1424 : 1600);
    const framed = offset < breakAt ? Math.max(length, 1) : length;
    target[offset] = framed;
    target[offset + 1] = framed >> 8;
    offset += 2 + framed;
  }
  return random.chance(2) ? offset : Math.max(0, offset - random.below(1500));
}

function readAtOnce(stream: Uint8Array): Truth {
  const frames: Truth['frames'] = [];
  let offset = 0;
  while (offset + 2 <= stream.length) {
    const length = stream[offset]! + 256 * stream[offset + 1]!;
    if (length === 0) return { frames, failure: 'WIRE_EMPTY', pendingBytes: 0 };
    if (length > 1424) return { frames, failure: 'WIRE_TOO_LONG', pendingBytes: 0 };
    if (offset + 2 + length > stream.length) break;
    frames.push([offset + 2, offset + 2 + length]);
    offset += 2 + length;
  }
  return { frames, pendingBytes: stream.length - offset };
}

function checkStream(stream: Uint8Array, random: SeededRandom, tally: StreamTally): void {
  const truth = readAtOnce(stream);
  const decoder = new FrameDecoder();
  const largestChunk = random.pick([3, 100, 1500, 16_384, 65_536]);
  let frame = 0;
  let failure: string | undefined;
  try {
    for (let offset = 0; offset < stream.length; ) {
      const end = Math.min(stream.length, offset + 1 + random.below(largestChunk));
      for (const message of decoder.push(stream.subarray(offset, end))) {
        const [from, to] = truth.frames[frame] ?? [0, 0];
        if (Buffer.compare(message, stream.subarray(from, to)) !== 0) throw new Violation(`frame ${frame} is wrong`);
        frame += 1;
        if (typeof tryDecodeMessage(message) !== 'string') tally.messages += 1;
      }
      offset = end;
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    failure = error.code;
  }
  if (frame !== truth.frames.length) throw new Violation(`${frame} frames of ${truth.frames.length}`);
  if (failure !== truth.failure) throw new Violation(`ended with ${failure} instead of ${truth.failure}`);
  if (decoder.pendingBytes !== truth.pendingBytes) throw new Violation(`${decoder.pendingBytes} bytes pending instead of ${truth.pendingBytes}`);
  tally.frames += frame;
  if (failure !== undefined) tally.errors += 1;
  else if (truth.pendingBytes > 0) tally.cutOff += 1;
}

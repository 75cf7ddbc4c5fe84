import type { SeededRandom } from './seeded-random.ts';

/** Values at which length fields and codes change their meaning. */
const EDGES = [0, 1, 2, 5, 6, 7, 8, 17, 18, 0x7f, 0x80, 0xc0, 0xd8, 0xe0, 0xf4, 0xfe, 0xff] as const;
/** Where ops, lengths, times and counts lie in one message or another. */
const FIELDS = [0, 1, 2, 17, 33, 43, 44, 49, 51, 52, 197, 198] as const;

/** Changes the first `length` bytes of `packet` in one to four ways and returns the new length, at most `packet.length`. */
export function mutate(packet: Uint8Array, length: number, random: SeededRandom): number {
  let size = length;
  for (let count = random.below(4); count >= 0; count -= 1) size = mutateOnce(packet, size, random);
  return size;
}

function mutateOnce(packet: Uint8Array, length: number, random: SeededRandom): number {
  const at = length === 0 ? 0 : random.below(length);
  switch (random.below(8)) {
    case 0:
      packet[at] = (packet[at] ?? 0) ^ (1 << random.below(8));
      return length;
    case 1:
      packet[at] = random.pick(EDGES);
      return length;
    case 2: {
      const field = random.pick(FIELDS);
      if (field < length) packet[field] = random.chance(2) ? random.pick(EDGES) : packet[field]! + (random.chance(2) ? 1 : -1);
      return length;
    }
    case 3:
      return at;
    case 4: {
      const end = Math.min(packet.length, length + 1 + random.below(random.chance(4) ? 1500 : 40));
      random.scribble(packet, length, end);
      // Half of what follows a message is meant as an extension block.
      if (random.chance(2) && end - length > 4) packet.set([0xd5, 0x01, random.below(6), random.pick(EDGES)], length);
      return end;
    }
    case 5: {
      const to = random.below(length + 1);
      const bytes = Math.min(random.below(64), length - at, length - to);
      packet.copyWithin(to, at, at + bytes);
      return length;
    }
    case 6:
      random.scribble(packet, at, Math.min(length, at + 1 + random.below(16)));
      return length;
    default:
      packet.fill(0, at, Math.min(length, at + 64));
      return length;
  }
}

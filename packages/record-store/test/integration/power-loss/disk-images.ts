import { createHash } from 'node:crypto';
import type { FileEvent } from './strace-log.ts';

type Write = Extract<FileEvent, { kind: 'write' }>;

const SECTOR_BYTES = 512;

/** A state in which a disk may be when the power fails, and what had been said by then. */
export interface DiskImage {
  readonly file: Buffer;
  /** The last thing that the process had said. */
  readonly said: string | undefined;
  readonly what: string;
}

export interface ImageOptions {
  readonly random: () => number;
  /** Images with a random choice of unsynced sectors, at each moment. */
  readonly randomImages: number;
}

/**
 * Every state that the file may have when the power fails between two of the events. What was synced is
 * there. Of what was written since, nothing, everything, any prefix, each write alone, all but one, and
 * random choices of sectors are: a disk is free to keep and to order unsynced writes as it likes, and
 * to tear them. Images that were met with the same thing said before are left out.
 */
export function* diskImages(events: readonly FileEvent[], options: ImageOptions): Generator<DiskImage, void, undefined> {
  const seen = new Set<string>();
  let synced: Buffer = Buffer.alloc(0);
  let unsynced: Write[] = [];
  let said: string | undefined;
  let linked = false;
  // By moments: an event has begun, or has ended.
  const moments = events.flatMap((event) => [{ event, at: event.began, ends: false }, { event, at: event.ended, ends: true }]).sort((one, other) => one.at - other.at || Number(one.ends) - Number(other.ends));
  for (const { event, at, ends } of moments) {
    if (event.kind === 'said' && !ends) said = event.text;
    else if (event.kind === 'linked' && ends) linked = true;
    else if (event.kind === 'write' && !ends) unsynced.push(event);
    else if (event.kind === 'write' && event.through && ends) {
      synced = apply(synced, [event]);
      unsynced = unsynced.filter((write) => write !== event);
    } else if (event.kind === 'sync' && ends) {
      const covered = unsynced.filter((write) => write.ended < event.began);
      synced = apply(synced, covered);
      unsynced = unsynced.filter((write) => !covered.includes(write));
    } else continue;
    // Before, no file has the name.
    if (!linked) continue;
    for (const [what, file] of variants(synced, unsynced, options)) {
      const digest = `${said} ${createHash('sha256').update(file).digest('hex')}`;
      if (seen.has(digest)) continue;
      seen.add(digest);
      yield { file, said, what: `at ${at}, ${unsynced.length} unsynced: ${what}` };
    }
  }
}

function* variants(synced: Buffer, unsynced: readonly Write[], { random, randomImages }: ImageOptions): Generator<readonly [string, Buffer], void, undefined> {
  yield ['none of them', synced];
  for (let count = 1; count <= unsynced.length; count++) yield [`the first ${count}`, apply(synced, unsynced.slice(0, count))];
  for (const [at, write] of unsynced.entries()) {
    yield [`only number ${at}`, apply(synced, [write])];
    yield [`all but number ${at}`, apply(synced, unsynced.filter((_, other) => other !== at))];
  }
  if (unsynced.length === 0) return;
  for (let image = 0; image < randomImages; image++) {
    const share = random();
    const sectors = unsynced.flatMap(toSectors).filter(() => random() < share);
    yield [`${sectors.length} of their sectors`, apply(synced, sectors)];
  }
}

function apply(file: Buffer, writes: readonly Pick<Write, 'offset' | 'bytes'>[]): Buffer {
  const end = writes.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes.length), file.length);
  const copy = Buffer.alloc(end);
  file.copy(copy);
  for (const { offset, bytes } of writes) bytes.copy(copy, offset);
  return copy;
}

function toSectors({ offset, bytes }: Write): { offset: number; bytes: Buffer }[] {
  const sectors: { offset: number; bytes: Buffer }[] = [];
  for (let at = offset; at < offset + bytes.length; ) {
    const end = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, offset + bytes.length);
    sectors.push({ offset: at, bytes: bytes.subarray(at - offset, end - offset) });
    at = end;
  }
  return sectors;
}

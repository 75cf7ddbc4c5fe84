import { decode } from '@msgpack/msgpack';
import type { DumpDamage, TraceDump, TraceEvent } from '@p2p/trace-noop';
import { crc32 } from './crc32.ts';
import { BLOCK_HEADER_BYTES, BLOCK_MARKER, DUMP_HEADER_BYTES, DUMP_MAGIC, DUMP_VERSION } from './dump-format.ts';
import { isDumpContent } from './dump-content.ts';
import { readDumpedEvent } from './dumped-event.ts';

/**
 * After a damaged block the search goes on within it, so that a length that is wrong hides nothing. What was looked at in
 * vain is at most so many times the dump: blocks that each claim the whole rest would take forever.
 */
const MAX_VAIN_PASSES = 4;

type Damaged = { readonly reason: DumpDamage['reason']; readonly next: number; readonly vainBytes: number };
type Block = { readonly events: readonly TraceEvent[]; readonly next: number } | Damaged;

function eventsOf(content: Uint8Array): TraceEvent[] | undefined {
  if (!isDumpContent(content)) return undefined;
  let rows: unknown;
  try {
    rows = decode(content, { useBigInt64: true });
  } catch {
    // Whatever the decoder thinks of it, it is not what was written.
    return undefined;
  }
  const events: TraceEvent[] = [];
  for (const row of rows as unknown[]) {
    const event = readDumpedEvent(row);
    if (event === undefined) return undefined;
    events.push(event);
  }
  return events;
}

/**
 * Reads a dump up to its damage, and beyond it where the next block can be found. Never throws because of content:
 * any bytes give events and a list of what was wrong.
 */
export function readDump(bytes: Uint8Array): TraceDump {
  if (bytes.length < DUMP_HEADER_BYTES || !DUMP_MAGIC.every((byte, index) => bytes[index] === byte)) return { events: [], damage: [{ offset: 0, reason: 'not-a-dump' }] };
  if (bytes[DUMP_MAGIC.length] !== DUMP_VERSION) return { events: [], damage: [{ offset: 0, reason: 'unknown-version' }] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: TraceEvent[] = [];
  const damage: DumpDamage[] = [];
  let ended = false;
  let at = DUMP_HEADER_BYTES;
  let vainBytes = 0;
  while (at < bytes.length && !ended) {
    const block = blockAt(bytes, view, at);
    if ('reason' in block) {
      damage.push({ offset: at, reason: block.reason });
      vainBytes += block.vainBytes;
      at = vainBytes > MAX_VAIN_PASSES * bytes.length ? bytes.length : nextMarker(view, block.next);
      continue;
    }
    // One by one: as arguments of a call, tens of thousands are more than a stack holds.
    for (const event of block.events) events.push(event);
    ended = block.events.length === 0;
    at = block.next;
  }
  if (ended && at < bytes.length) damage.push({ offset: at, reason: 'after-end' });
  if (!ended && damage.at(-1)?.reason !== 'truncated') damage.push({ offset: bytes.length, reason: 'no-end' });
  return { events, damage };
}

function blockAt(bytes: Uint8Array, view: DataView, at: number): Block {
  const damaged = (reason: DumpDamage['reason'], next: number, vainBytes: number): Damaged => ({ reason, next, vainBytes });
  if (at + BLOCK_HEADER_BYTES > bytes.length) return damaged('truncated', at + 1, 0);
  if (view.getUint32(at, true) !== BLOCK_MARKER) return damaged('malformed', at + 1, 0);
  const start = at + BLOCK_HEADER_BYTES;
  const end = start + view.getUint32(at + 4, true);
  if (end > bytes.length) return damaged('truncated', at + 1, 0);
  const content = bytes.subarray(start, end);
  if (crc32(content) !== view.getUint32(at + 8, true)) return damaged('checksum', at + 1, content.length);
  const events = eventsOf(content);
  // Its length is right at least: nothing within it is a block.
  return events === undefined ? damaged('malformed', end, 0) : { events, next: end };
}

/** Where the next block may begin: the bytes of a marker, or the end. */
function nextMarker(view: DataView, from: number): number {
  for (let at = from; at + 4 <= view.byteLength; at += 1) if (view.getUint32(at, true) === BLOCK_MARKER) return at;
  return view.byteLength;
}

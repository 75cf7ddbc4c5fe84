import { decode } from '@msgpack/msgpack';
import type { DumpDamage, TraceDump, TraceEvent } from '@p2p/trace-noop';
import { crc32 } from './crc32.ts';
import { BLOCK_HEADER_BYTES, BLOCK_MARKER, DUMP_HEADER_BYTES, DUMP_MAGIC, DUMP_VERSION } from './dump-format.ts';
import { readDumpedEvent } from './dumped-event.ts';

type BlockResult = { readonly events: readonly TraceEvent[] } | { readonly reason: DumpDamage['reason'] };

function readBlock(content: Uint8Array, expectedCrc: number): BlockResult {
  if (crc32(content) !== expectedCrc) return { reason: 'checksum' };
  let rows: unknown;
  try {
    // Lengths inside are bounded by what is there: a claim of more is refused before anything is allocated.
    rows = decode(content, { useBigInt64: true, maxArrayLength: content.length, maxMapLength: content.length, maxStrLength: content.length, maxBinLength: content.length });
  } catch {
    // Whatever the decoder thinks of it, it is not what was written.
    return { reason: 'malformed' };
  }
  if (!Array.isArray(rows)) return { reason: 'malformed' };
  const events: TraceEvent[] = [];
  for (const row of rows as unknown[]) {
    const event = readDumpedEvent(row);
    if (event === undefined) return { reason: 'malformed' };
    events.push(event);
  }
  return { events };
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
  while (at < bytes.length && !ended) {
    const result = blockAt(bytes, view, at);
    if ('reason' in result) {
      damage.push({ offset: at, reason: result.reason });
      at = nextMarker(view, at + 1);
      continue;
    }
    events.push(...result.events);
    ended = result.events.length === 0;
    at = result.end;
  }
  if (!ended && damage.at(-1)?.reason !== 'truncated') damage.push({ offset: bytes.length, reason: 'no-end' });
  return { events, damage };
}

function blockAt(bytes: Uint8Array, view: DataView, at: number): { events: readonly TraceEvent[]; end: number } | { reason: DumpDamage['reason'] } {
  if (at + BLOCK_HEADER_BYTES > bytes.length) return { reason: 'truncated' };
  if (view.getUint32(at, true) !== BLOCK_MARKER) return { reason: 'malformed' };
  const start = at + BLOCK_HEADER_BYTES;
  const end = start + view.getUint32(at + 4, true);
  if (end > bytes.length) return { reason: 'truncated' };
  const result = readBlock(bytes.subarray(start, end), view.getUint32(at + 8, true));
  return 'reason' in result ? result : { events: result.events, end };
}

/** Where the next block may begin: the bytes of a marker, or the end. */
function nextMarker(view: DataView, from: number): number {
  for (let at = from; at + 4 <= view.byteLength; at += 1) if (view.getUint32(at, true) === BLOCK_MARKER) return at;
  return view.byteLength;
}

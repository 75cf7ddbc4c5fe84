import type { TraceEvent } from '@p2p/trace-noop';
import { KIND_FIELDS, type FieldType } from './dump-format.ts';
import { isTime, nearestTime } from './field-limits.ts';
import { toHex } from './text-bytes.ts';

const U64_MAX = 0xffff_ffff_ffff_ffffn;

function uint(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max ? value : undefined;
}

function u64(value: unknown): bigint | undefined {
  return typeof value === 'bigint' && value >= 0n && value <= U64_MAX ? value : undefined;
}

/** Hex digits of bytes of exactly this length. */
function id(value: unknown, length: number): string | undefined {
  return value instanceof Uint8Array && value.length === length ? toHex(value) : undefined;
}

/** A field's value; undefined where it is not what it must be. */
function field(value: unknown, type: FieldType): unknown {
  switch (type) {
    case 'u16':
      return uint(value, 0xffff);
    case 'u32':
      return uint(value, 0xffff_ffff);
    case 'u64':
      return u64(value);
    case 'text':
    case 'text?':
      return typeof value === 'string' ? value : undefined;
    case 'bytes':
      return value instanceof Uint8Array ? value.slice() : undefined;
    case 'appId':
      return id(value, 4);
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
  }
}

/** An event as a dump has it; undefined: it is none. */
export function readDumpedEvent(row: unknown): TraceEvent | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const record = row as Record<string, unknown>;
  const kind = record['kind'];
  const fields = typeof kind === 'string' && Object.hasOwn(KIND_FIELDS, kind) ? KIND_FIELDS[kind] : undefined;
  const timeUs = typeof record['timeUs'] === 'bigint' ? Number(record['timeUs']) : record['timeUs'];
  const base = {
    sequence: uint(record['sequence'], 0xffff_ffff),
    lane: uint(record['lane'], 63),
    timeUs: typeof timeUs === 'number' ? nearestTime(timeUs, 0) : undefined,
    spanId: u64(record['spanId']),
    nodeId: id(record['nodeId'], 32),
    flags: uint(record['flags'], 255),
  };
  if (fields === undefined || Object.values(base).includes(undefined)) return undefined;
  const traceId = record['traceId'] === undefined ? undefined : id(record['traceId'], 16);
  const peerId = record['peerId'] === undefined ? undefined : id(record['peerId'], 32);
  if ((record['traceId'] !== undefined && traceId === undefined) || (record['peerId'] !== undefined && peerId === undefined)) return undefined;
  const own: Record<string, unknown> = {};
  for (const [name, type] of Object.entries(fields)) {
    const value = field(record[name], type);
    if (value === undefined && (type !== 'text?' || record[name] !== undefined)) return undefined;
    own[name] = value;
  }
  return { kind, ...base, traceId, peerId, truncated: record['truncated'] === true || !isTime(timeUs), ...own } as unknown as TraceEvent;
}

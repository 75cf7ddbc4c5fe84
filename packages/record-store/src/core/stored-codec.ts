import { RecordStoreError } from '../errors.ts';
import { MAX_ADDRESS_LENGTH, MAX_ID_BYTES, MAX_KEY_BYTES, MAX_ORIGIN_LENGTH } from '../limits.ts';
import { MAX_RANK_BYTES } from '../validators/validator.ts';
import { providerRecordBytes, valueRecordBytes, type StoredProvider, type StoredValue } from './stored.ts';

/**
 * The rows of engines that store bytes. A value row:
 *
 * | bytes | what |
 * |---|---|
 * | 1 | format, 1 |
 * | 1 | bits: 1 local, 2 publisher, 4 rank, 8 origin |
 * | 8, 8 | expires and storedAt, Unix ms as big-endian doubles; Infinity: never |
 * | 2 + n each | publisher, rank, origin (UTF-8), those whose bit is set |
 * | rest | the value |
 *
 * A provider row is the same with format 2 and, as rest, 6 bytes of position and per address 2 bytes of length and UTF-8.
 * The key (and the provider) is what the row is filed under.
 */
const VALUE_FORMAT = 1;
const PROVIDER_FORMAT = 2;
const LOCAL = 1;
const PUBLISHER = 2;
const RANK = 4;
const ORIGIN = 8;
const HEAD_BYTES = 18;
const POSITION_BYTES = 6;
const MAX_ADDRESSES = 0xffff;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where a row is written: memory, and how many bytes before it are the caller's. */
export interface RowPlace {
  readonly before: number;
  /** Memory of that many bytes. */
  readonly take: (bytes: number) => Uint8Array;
}

const OWN_PLACE: RowPlace = { before: 0, take: (bytes) => new Uint8Array(bytes) };

/** A value row, after `before` bytes that are left as they are. */
export function encodeValue(stored: Omit<StoredValue, 'key' | 'bytes'>, place: RowPlace = OWN_PLACE): Uint8Array {
  const { publisher, rank, origin, value } = stored;
  const originBytes = origin === undefined ? undefined : encoder.encode(origin);
  return encodeRow(VALUE_FORMAT, stored, [[PUBLISHER, publisher], [RANK, rank], [ORIGIN, originBytes]], value, place);
}

/** The record in a row, after `before` bytes. Its bytes are views of the row. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function decodeValue(key: Uint8Array, row: Uint8Array, before = 0): StoredValue {
  const { local, expires, storedAt, publisher, rank, origin, rest } = decodeRow(VALUE_FORMAT, row, before);
  return { key, value: rest, publisher, rank, expires, storedAt, bytes: valueRecordBytes(key, rest, publisher), local, origin };
}

/** A provider row. */
export function encodeProvider(stored: Omit<StoredProvider, 'key' | 'provider' | 'bytes'>): Uint8Array {
  const { origin, addresses, position } = stored;
  if (addresses.length > MAX_ADDRESSES) throw new TypeError(`a provider has at most ${MAX_ADDRESSES} addresses`);
  const encoded = addresses.map((address) => encoder.encode(address));
  const rest = new Uint8Array(encoded.reduce((bytes, address) => bytes + 2 + address.length, POSITION_BYTES));
  const view = new DataView(rest.buffer);
  view.setUint16(0, Math.floor(position / 0x1_0000_0000));
  view.setUint32(2, position % 0x1_0000_0000);
  let at = POSITION_BYTES;
  for (const address of encoded) at = putField(rest, at, address);
  return encodeRow(PROVIDER_FORMAT, stored, [[ORIGIN, origin === undefined ? undefined : encoder.encode(origin)]], rest, OWN_PLACE);
}

/** The record in a row. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function decodeProvider(key: Uint8Array, provider: Uint8Array, row: Uint8Array): StoredProvider {
  const { local, expires, storedAt, origin, publisher, rank, rest } = decodeRow(PROVIDER_FORMAT, row, 0);
  if (publisher !== undefined || rank !== undefined) throw corrupt('a provider with fields of a value');
  if (rest.length < POSITION_BYTES) throw corrupt('no position');
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength);
  const position = view.getUint16(0) * 0x1_0000_0000 + view.getUint32(2);
  const addresses: string[] = [];
  for (let at = POSITION_BYTES; at < rest.length; ) {
    const bytes = takeField(rest, at, 4 * MAX_ADDRESS_LENGTH);
    addresses.push(decodeText(bytes));
    at += 2 + bytes.length;
  }
  return { key, provider, addresses, expires, storedAt, bytes: providerRecordBytes(key, provider, addresses), local, origin, position };
}

/** Key and provider in one, delimited by the key's length, so that rows of one key lie together and no key's rows start as another's do. */
export function providerRowKey(key: Uint8Array, provider: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + key.length + provider.length);
  bytes.set(provider, putField(bytes, 0, key));
  return bytes;
}

/** The inverse. @throws RecordStoreError RECORD_STORE_CORRUPT. */
export function splitProviderRowKey(bytes: Uint8Array): { key: Uint8Array; provider: Uint8Array } {
  const key = takeField(bytes, 0, MAX_KEY_BYTES);
  const provider = bytes.subarray(2 + key.length);
  if (key.length === 0 || provider.length === 0 || provider.length > MAX_ID_BYTES) throw corrupt('no key or no provider');
  return { key, provider };
}

type Head = Pick<StoredValue, 'local' | 'expires' | 'storedAt'>;

function encodeRow(format: number, head: Head, fields: readonly (readonly [number, Uint8Array | undefined])[], rest: Uint8Array, { before, take }: RowPlace): Uint8Array {
  let bits = head.local ? LOCAL : 0;
  let length = before + HEAD_BYTES + rest.length;
  for (const [bit, bytes] of fields) {
    if (bytes === undefined) continue;
    bits |= bit;
    length += 2 + bytes.length;
  }
  const row = take(length);
  const view = new DataView(row.buffer, row.byteOffset + before);
  row[before] = format;
  row[before + 1] = bits;
  view.setFloat64(2, head.expires);
  view.setFloat64(10, head.storedAt);
  let at = before + HEAD_BYTES;
  for (const [, bytes] of fields) if (bytes !== undefined) at = putField(row, at, bytes);
  row.set(rest, at);
  return row;
}

function decodeRow(format: number, row: Uint8Array, before: number): Head & { publisher: Uint8Array | undefined; rank: Uint8Array | undefined; origin: string | undefined; rest: Uint8Array } {
  if (row.length < before + HEAD_BYTES) throw corrupt('too short');
  if (row[before] !== format) throw corrupt(`format ${row[before]}, expected ${format}`);
  const bits = row[before + 1]!;
  if (bits > (LOCAL | PUBLISHER | RANK | ORIGIN)) throw corrupt(`unknown bits ${bits}`);
  const expires = doubleAt(row, before + 2);
  const storedAt = doubleAt(row, before + 10);
  if (!(expires >= 0) || !(storedAt >= 0) || storedAt === Number.POSITIVE_INFINITY) throw corrupt('times that are none');
  let at = before + HEAD_BYTES;
  const field = (bit: number, max: number): Uint8Array | undefined => {
    if ((bits & bit) === 0) return undefined;
    const bytes = takeField(row, at, max);
    at += 2 + bytes.length;
    return bytes;
  };
  const publisher = field(PUBLISHER, MAX_ID_BYTES);
  const rank = field(RANK, MAX_RANK_BYTES);
  const origin = field(ORIGIN, 4 * MAX_ORIGIN_LENGTH);
  return { local: (bits & LOCAL) !== 0, expires, storedAt, publisher, rank, origin: origin === undefined ? undefined : decodeText(origin), rest: viewOf(row, at, row.length) };
}

/** A plain array whatever `row` is: methods of a Buffer differ in what they copy. */
function viewOf(row: Uint8Array, from: number, to: number): Uint8Array {
  return new Uint8Array(row.buffer, row.byteOffset + from, to - from);
}

const double = new DataView(new ArrayBuffer(8));

/** A view of its own for each row would cost more. */
function doubleAt(row: Uint8Array, at: number): number {
  for (let byte = 0; byte < 8; byte++) double.setUint8(byte, row[at + byte]!);
  return double.getFloat64(0);
}

function putField(into: Uint8Array, at: number, bytes: Uint8Array): number {
  into[at] = bytes.length >> 8;
  into[at + 1] = bytes.length & 0xff;
  into.set(bytes, at + 2);
  return at + 2 + bytes.length;
}

function takeField(from: Uint8Array, at: number, max: number): Uint8Array {
  if (at + 2 > from.length) throw corrupt('cut off');
  const length = (from[at]! << 8) | from[at + 1]!;
  if (length > max || at + 2 + length > from.length) throw corrupt('a field longer than it can be');
  return viewOf(from, at + 2, at + 2 + length);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw corrupt('text that is no UTF-8', error);
  }
}

function corrupt(what: string, cause?: unknown): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_CORRUPT', `a stored row is damaged (${what}): remove it, the network has other copies.`, cause === undefined ? {} : { cause });
}

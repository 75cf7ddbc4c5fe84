import { bytesToHex, parseHex } from './hex.ts';
import { NAT_TYPES } from './packed-capabilities.ts';
import { isValidAddress, isValidId, MAX_ADDRESSES, MAX_ID_LENGTH } from './peer-addresses.ts';
import type { PeerRecord, RecordedAddress } from './peer-record.ts';
import type { Settings } from './settings.ts';
import { SOURCE_CODES } from './source-codes.ts';
import { ADDRESS_SCOPES, type AddressScope } from './types.ts';

const SCOPES: readonly AddressScope[] = ADDRESS_SCOPES;
/** Evidence is kept in steps of 1/1024, round trips in steps of 10 µs. */
const EVIDENCE_STEPS = 1024;
const RTT_STEPS = 100;
const SEED_BIT = 8;

/**
 * A peer as an array of fixed positions. Times are ages in ms before `savedAt` (mostly five bytes
 * where a Unix time takes nine), ids in lower-case hex travel as bytes.
 */
export function encodePeer(record: PeerRecord, savedAt: number): unknown[] {
  const age = (at: number): number | null => (at === 0 ? null : savedAt - at);
  const rtt = (ms: number): number | null => (Number.isNaN(ms) ? null : Math.round(ms * RTT_STEPS));
  return [
    parseHex(record.id) ?? record.id,
    record.addresses.map(({ text, verifiedAt, scope }) => (verifiedAt === 0 || scope === undefined ? text : [text, savedAt - verifiedAt, SCOPES.indexOf(scope)])),
    record.source | (record.isSeed ? SEED_BIT : 0),
    age(record.firstSeenAt),
    age(record.lastSeenAt),
    age(record.lastAttemptAt),
    age(record.lastSuccessAt),
    record.successes,
    record.failures,
    record.consecutive,
    Math.round(record.goodEvidence * EVIDENCE_STEPS),
    Math.round(record.badEvidence * EVIDENCE_STEPS),
    age(record.evidenceAt),
    rtt(record.rttMs),
    rtt(record.minRttMs),
    rtt(record.maxRttMs),
    record.claimed,
    record.observed,
    record.observed === 0 ? null : record.observedAt.map(age),
  ];
}

/** The record, or why it is refused. Nothing in it is trusted: a checksum is easily made to fit. */
export function decodePeer(value: unknown, savedAt: number, settings: Settings): PeerRecord | string {
  if (!Array.isArray(value) || value.length < 19) return 'not a peer entry';
  const id = decodeId(value[0]);
  if (id === undefined) return 'bad id';
  const addresses = decodeAddresses(value[1], savedAt, settings);
  if (typeof addresses === 'string') return addresses;
  const firstSeenAt = timeOf(value[3], savedAt);
  const lastSeenAt = timeOf(value[4], savedAt);
  const lastAttemptAt = timeOf(value[5], savedAt);
  const lastSuccessAt = timeOf(value[6], savedAt);
  const evidenceAt = timeOf(value[12], savedAt);
  // NaN spreads through the sum.
  if (Number.isNaN(firstSeenAt + lastSeenAt + lastAttemptAt + lastSuccessAt + evidenceAt)) return 'bad time';
  const origin = wholeNumber(value[2], 15);
  const successes = wholeNumber(value[7], 0xffff_ffff);
  const failures = wholeNumber(value[8], 0xffff_ffff);
  const consecutive = wholeNumber(value[9], 0xffff);
  const good = wholeNumber(value[10], 1e9);
  const bad = wholeNumber(value[11], 1e9);
  const claimed = wholeNumber(value[16], 511);
  const observed = wholeNumber(value[17], 511);
  if (origin < 0 || successes < 0 || failures < 0 || consecutive < 0 || good < 0 || bad < 0 || claimed < 0 || observed < 0) return 'bad number';
  const source = origin & ~SEED_BIT;
  if (source >= SOURCE_CODES.length || (claimed >> 6) > NAT_TYPES.length || (observed >> 6) > NAT_TYPES.length) return 'unknown code';
  const rttMs = roundTripOf(value[13]);
  const minRttMs = roundTripOf(value[14]);
  const maxRttMs = roundTripOf(value[15]);
  if (rttMs < 0 || minRttMs < 0 || maxRttMs < 0) return 'bad round trip';
  const observedAt = observed === 0 ? NEVER_OBSERVED : Array.isArray(value[18]) ? value[18].map((age) => timeOf(age, savedAt)) : [];
  if (observedAt.length !== 4 || observedAt.some(Number.isNaN)) return 'bad observation';
  return {
    id,
    addresses,
    source,
    isSeed: (origin & SEED_BIT) !== 0,
    firstSeenAt,
    lastSeenAt,
    lastAttemptAt,
    lastSuccessAt,
    successes,
    failures,
    consecutive,
    goodEvidence: Math.min(good / EVIDENCE_STEPS, settings.model.evidenceCap),
    badEvidence: Math.min(bad / EVIDENCE_STEPS, settings.model.evidenceCap),
    evidenceAt,
    rttMs,
    minRttMs,
    maxRttMs,
    claimed,
    observed,
    observedAt: observedAt as readonly [number, number, number, number],
  };
}

function decodeId(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return isValidId(value) ? value : undefined;
  return value.length >= 4 && value.length <= MAX_ID_LENGTH / 2 ? bytesToHex(value) : undefined;
}

const NEVER_OBSERVED: readonly number[] = [0, 0, 0, 0];

/** Ms, NaN for unknown, negative for what cannot be. */
function roundTripOf(value: unknown): number {
  return value === null ? Number.NaN : wholeNumber(value, 1e12) / RTT_STEPS;
}

function decodeAddresses(value: unknown, savedAt: number, settings: Settings): RecordedAddress[] | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ADDRESSES) return 'bad address list';
  const addresses: RecordedAddress[] = [];
  for (const item of value as unknown[]) {
    const [text, age, code] = Array.isArray(item) ? (item as unknown[]) : [item, null, -1];
    if (!isValidAddress(text, settings)) return 'bad address';
    if (age === null) {
      if (!addresses.some((known) => known.text === text)) addresses.push({ text, verifiedAt: 0, scope: undefined });
      continue;
    }
    const verifiedAt = timeOf(age, savedAt);
    const scope = SCOPES[code as number];
    if (Number.isNaN(verifiedAt) || (verifiedAt !== 0 && scope === undefined)) return 'bad proof of an address';
    if (!addresses.some((known) => known.text === text)) addresses.push({ text, verifiedAt, scope });
  }
  return addresses;
}

/** Ages reach 200 years either way. */
const MAX_AGE_MS = 6.4e12;

/** Unix ms, 0 for never, NaN for what cannot be. */
export function timeOf(age: unknown, savedAt: number): number {
  if (age === null) return 0;
  if (!Number.isSafeInteger(age) || Math.abs(age as number) > MAX_AGE_MS) return Number.NaN;
  return Math.max(1, savedAt - (age as number));
}

/** The number, -1 when it is not whole, negative or too large. */
function wholeNumber(value: unknown, max: number): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max ? (value as number) : -1;
}

import { MAX_ADDRESS_LENGTH, MAX_ID_BYTES, MAX_KEY_BYTES, MAX_ORIGIN_LENGTH } from '../limits.ts';
import type { ProviderRecord, PutOptions, RejectReason, ValueRecord, WriteOptions } from '../types.ts';
import { equalBytes } from './bytes.ts';
import type { Settings } from './settings.ts';
import { providerRecordBytes, valueRecordBytes, type StoredProvider, type ValueCandidate } from './stored.ts';

/** @throws TypeError unless it is a Uint8Array with at least a byte. */
export function checkBytes(name: string, bytes: unknown): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (bytes.length === 0) throw new TypeError(`${name} must not be empty`);
}

/** @throws TypeError for what is no value record, or no option of a write. */
export function checkValue(record: ValueRecord, { origin, copy }: WriteOptions = {}): void {
  checkBytes('record.key', record.key);
  if (!(record.value instanceof Uint8Array)) throw new TypeError('record.value must be a Uint8Array');
  if (record.publisher !== undefined) checkBytes('record.publisher', record.publisher);
  checkExpires(record.expires);
  checkOrigin(origin);
  if (copy !== undefined && typeof copy !== 'boolean') throw new TypeError('copy must be true or false');
}

/** @throws TypeError for what is no provider record or no origin. */
export function checkProvider(record: ProviderRecord, origin: string | undefined): void {
  checkBytes('provider.key', record.key);
  checkBytes('provider.provider', record.provider);
  if (!Array.isArray(record.addresses) || !record.addresses.every((address) => typeof address === 'string')) throw new TypeError('provider.addresses must be an array of strings');
  checkExpires(record.expires);
  checkOrigin(origin);
}

/** The refusals that need neither the validator nor the engine. */
export function refuseValue({ key, value, publisher }: ValueRecord, { caps }: Settings): RejectReason | undefined {
  if (key.length > MAX_KEY_BYTES || value.length > caps.valueBytes) return 'too-large';
  return publisher !== undefined && publisher.length > MAX_ID_BYTES ? 'too-large' : undefined;
}

/** The same for providers: nobody else says that this node provides. */
export function refuseProvider({ key, provider, addresses }: ProviderRecord, origin: string | undefined, { caps, localId }: Settings): RejectReason | undefined {
  if (key.length > MAX_KEY_BYTES || provider.length > MAX_ID_BYTES || addresses.length > caps.addressesPerProvider) return 'too-large';
  if (addresses.some((address) => address.length > MAX_ADDRESS_LENGTH)) return 'too-large';
  // Half a surrogate pair would come back from a store as something else.
  if (!addresses.every((address) => address.isWellFormed())) return 'invalid';
  return origin !== undefined && equalBytes(provider, localId) ? 'conflict' : undefined;
}

export function valueCandidate(record: ValueRecord, rank: Uint8Array | undefined, options: PutOptions | undefined, settings: Settings, now: number): ValueCandidate {
  const { key, value, publisher } = record;
  const origin = options?.origin;
  // A record that somebody else brings is theirs, whatever publisher it names.
  const local = origin === undefined && publisher !== undefined && equalBytes(publisher, settings.localId);
  return {
    key,
    value,
    publisher,
    rank,
    expires: clamp(record.expires, local, settings.maxTtlMs, now),
    storedAt: now,
    bytes: valueRecordBytes(key, value, publisher),
    local,
    origin,
    ifVersion: options?.ifVersion,
    given: options?.copy === false,
  };
}

export function providerCandidate({ key, provider, addresses, expires }: ProviderRecord, origin: string | undefined, settings: Settings, now: number): StoredProvider {
  const local = equalBytes(provider, settings.localId);
  return { key, provider, addresses, expires: clamp(expires, local, settings.maxTtlMs, now), storedAt: now, bytes: providerRecordBytes(key, provider, addresses), local, origin, position: 0 };
}

/** Unix ms, Infinity for never. */
function clamp(expires: number | undefined, local: boolean, maxTtlMs: number, now: number): number {
  const longest = now + maxTtlMs;
  if (expires === undefined) return local ? Number.POSITIVE_INFINITY : longest;
  return Math.min(Math.floor(expires), longest);
}

function checkExpires(expires: number | undefined): void {
  if (expires !== undefined && !(typeof expires === 'number' && expires >= 0 && expires <= Number.MAX_SAFE_INTEGER)) throw new TypeError(`expires must be Unix ms, got ${String(expires)}`);
}

function checkOrigin(origin: string | undefined): void {
  if (origin === undefined) return;
  if (typeof origin !== 'string' || origin.length === 0 || origin.length > MAX_ORIGIN_LENGTH) throw new TypeError(`an origin is a string of 1 to ${MAX_ORIGIN_LENGTH} characters`);
  if (!origin.isWellFormed()) throw new TypeError('an origin must be well-formed text');
}

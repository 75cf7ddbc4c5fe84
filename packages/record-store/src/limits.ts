/** A cap, inclusive, or none. */
export type Limit = number | 'unlimited';

/** How much a store takes. All caps are inclusive; those without a class of their own are for remote entries. */
export interface Limits {
  /** Value records of others. Default 1024. */
  maxRecords: Limit;
  /** Bytes of one value. Default 65 536. */
  maxValueBytes: Limit;
  /** Bytes of all remote entries: keys, values, publishers, providers, addresses. Default 64 MiB. */
  maxTotalBytes: Limit;
  /** Keys with providers other than this node. Default 1024. */
  maxProvidedKeys: Limit;
  /** Providers of one key other than this node. Default 20. */
  maxProvidersPerKey: Limit;
  /** Addresses of one provider. Default 16. */
  maxAddressesPerProvider: Limit;
  /** What one `origin` may have stored at a time. */
  perOrigin: OriginLimits;
  /** Local entries have a quota of their own. */
  local: LocalLimits;
}

/** What one origin may have stored at a time. */
export interface OriginLimits {
  /** Default 128. */
  maxRecords: Limit;
  /** Default 8 MiB. */
  maxBytes: Limit;
  /** Provider records. Default 256. */
  maxProviders: Limit;
}

/** What this node itself may have stored. */
export interface LocalLimits {
  /** Default unlimited. */
  maxRecords: Limit;
  /** Default unlimited. */
  maxBytes: Limit;
}

/** Limits with what is left out taken from the defaults. */
export type PartialLimits = {
  [Name in Exclude<keyof Limits, 'perOrigin' | 'local'>]?: Limit | undefined;
} & { perOrigin?: Partial<OriginLimits> | undefined; local?: Partial<LocalLimits> | undefined };

/** Bytes of a key; engines need room for two of them and a provider in one. */
export const MAX_KEY_BYTES: number = 1024;
/** Bytes of a provider's or publisher's id. */
export const MAX_ID_BYTES: number = 256;
/** Characters of an address. */
export const MAX_ADDRESS_LENGTH: number = 512;
/** Characters of an origin. */
export const MAX_ORIGIN_LENGTH: number = 256;

/** Caps of a class of entries as plain numbers; Infinity is no cap. */
export interface PoolCaps {
  readonly records: number;
  readonly bytes: number;
  readonly providedKeys: number;
  readonly providersPerKey: number;
}

/** All limits as plain numbers. */
export interface Caps {
  readonly valueBytes: number;
  readonly addressesPerProvider: number;
  readonly remote: PoolCaps;
  readonly local: PoolCaps;
  readonly origin: { readonly records: number; readonly bytes: number; readonly providers: number };
}

const MIB = 1024 * 1024;

/** @throws TypeError for what is neither a whole number >= 0 nor `'unlimited'`. */
export function toCaps(limits: PartialLimits = {}): Caps {
  const { perOrigin = {}, local = {} } = limits;
  return {
    valueBytes: cap('maxValueBytes', limits.maxValueBytes, 65_536),
    addressesPerProvider: cap('maxAddressesPerProvider', limits.maxAddressesPerProvider, 16),
    remote: {
      records: cap('maxRecords', limits.maxRecords, 1024),
      bytes: cap('maxTotalBytes', limits.maxTotalBytes, 64 * MIB),
      providedKeys: cap('maxProvidedKeys', limits.maxProvidedKeys, 1024),
      providersPerKey: cap('maxProvidersPerKey', limits.maxProvidersPerKey, 20),
    },
    local: {
      records: cap('local.maxRecords', local.maxRecords, Number.POSITIVE_INFINITY),
      bytes: cap('local.maxBytes', local.maxBytes, Number.POSITIVE_INFINITY),
      // A local provider is always admitted.
      providedKeys: Number.POSITIVE_INFINITY,
      providersPerKey: Number.POSITIVE_INFINITY,
    },
    origin: {
      records: cap('perOrigin.maxRecords', perOrigin.maxRecords, 128),
      bytes: cap('perOrigin.maxBytes', perOrigin.maxBytes, 8 * MIB),
      providers: cap('perOrigin.maxProviders', perOrigin.maxProviders, 256),
    },
  };
}

function cap(name: string, limit: Limit | undefined, byDefault: number): number {
  if (limit === undefined) return byDefault;
  if (limit === 'unlimited') return Number.POSITIVE_INFINITY;
  if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError(`limits.${name} must be a whole number >= 0 or 'unlimited', got ${String(limit)}`);
  return limit;
}

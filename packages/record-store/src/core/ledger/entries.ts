import type { StoredProvider, StoredValue } from '../stored.ts';
import type { Expiring } from './expiry-heap.ts';
import type { Slab } from './value-memory.ts';

/** A value record in a ledger. */
export interface ValueEntry extends StoredValue, Expiring {
  readonly kind: 'value';
  /** The key as text. */
  readonly text: string;
  value: Uint8Array;
  /** Where the value lies, if it shares memory. The value memory's own. */
  slab: Slab | undefined;
  publisher: Uint8Array | undefined;
  rank: Uint8Array | undefined;
  expires: number;
  storedAt: number;
  bytes: number;
  local: boolean;
  origin: string | undefined;
}

/** A provider record in a ledger. */
export interface ProviderEntry extends StoredProvider, Expiring {
  readonly kind: 'provider';
  readonly list: ProviderList;
  addresses: readonly string[];
  expires: number;
  storedAt: number;
  bytes: number;
  origin: string | undefined;
}

/** The providers of one key, in the order in which they came. */
export interface ProviderList {
  readonly key: Uint8Array;
  readonly text: string;
  readonly remote: ProviderEntry[];
  local: ProviderEntry | undefined;
}

export type LedgerEntry = ValueEntry | ProviderEntry;

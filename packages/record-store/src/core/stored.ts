/** Who an entry counts for. */
export interface Owner {
  readonly local: boolean;
  /** Whose quota it uses up. */
  readonly origin: string | undefined;
}

/** What a decision has to know of an entry. */
export interface StoredMeta extends Owner {
  /** Unix ms; Infinity: never. */
  readonly expires: number;
  /** When it was last put, Unix ms. */
  readonly storedAt: number;
  /** As limits count it. */
  readonly bytes: number;
}

/** A value record as engines keep it. */
export interface StoredValue extends StoredMeta {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly publisher: Uint8Array | undefined;
  /** Orders the versions of a key; undefined in namespaces without order. */
  readonly rank: Uint8Array | undefined;
}

/** A provider record as engines keep it. */
export interface StoredProvider extends StoredMeta {
  readonly key: Uint8Array;
  readonly provider: Uint8Array;
  readonly addresses: readonly string[];
  /** Orders the providers of a key as they came; whoever is added again keeps it. Engines give it, from 1; candidates have 0. */
  readonly position: number;
}

/** A value that asks to be stored: validated, its expiry clamped. */
export interface ValueCandidate extends StoredValue {
  /** Key, value and publisher may be kept. Else they are the caller's until the engine copies them. */
  readonly given: boolean;
  readonly ifVersion: Uint8Array | 'absent' | undefined;
}

/** As limits count a value record. */
export function valueRecordBytes(key: Uint8Array, value: Uint8Array, publisher: Uint8Array | undefined): number {
  return key.length + value.length + (publisher === undefined ? 0 : publisher.length);
}

/** As limits count a provider record: a character of an address is a byte. */
export function providerRecordBytes(key: Uint8Array, provider: Uint8Array, addresses: readonly string[]): number {
  let bytes = key.length + provider.length;
  for (const address of addresses) bytes += address.length;
  return bytes;
}

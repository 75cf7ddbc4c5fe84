import type { ProviderRecord, ValueRecord } from '../types.ts';
import { copyBytes } from './bytes.ts';
import type { StoredProvider, StoredValue } from './stored.ts';

/** As callers see it: `copy` for bytes of their own. */
export function valueRecord({ key, value, publisher, expires }: StoredValue, copy: boolean): ValueRecord {
  const record: ValueRecord = copy ? { key: copyBytes(key), value: copyBytes(value) } : { key, value };
  if (publisher !== undefined) record.publisher = copy ? copyBytes(publisher) : publisher;
  if (expires !== Number.POSITIVE_INFINITY) record.expires = expires;
  return record;
}

/** As callers see it: `copy` for bytes of their own. The list of addresses is always a copy. */
export function providerRecord({ key, provider, addresses, expires }: StoredProvider, copy: boolean): ProviderRecord {
  const record: ProviderRecord = { key: copy ? copyBytes(key) : key, provider: copy ? copyBytes(provider) : provider, addresses: [...addresses] };
  if (expires !== Number.POSITIVE_INFINITY) record.expires = expires;
  return record;
}

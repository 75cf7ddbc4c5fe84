import { type CacheState, indexAddresses, rescore } from './cache-state.ts';
import { observe } from './observations.ts';
import { DUAL_STACK_YES } from './packed-capabilities.ts';
import { isValidAddress, MAX_ADDRESSES, orderAddresses } from './peer-addresses.ts';
import { DIRTY } from './peer-table.ts';
import { noteGlobalReach } from './peer-record.ts';
import type { AddressScope } from './types.ts';

/** Notes that an outbound dial reached a peer at an address. False for an address that cannot be kept. */
export function verifyAddress(state: CacheState, slot: number, text: string, scope: AddressScope, now: number): boolean {
  const { table, settings } = state;
  if (!isValidAddress(text, settings)) return false;
  const addresses = table.addresses[slot]!;
  let address = addresses.find((known) => known.text === text);
  if (address === undefined) {
    // A proof is worth more than the last of the others.
    if (addresses.length >= MAX_ADDRESSES) addresses.pop();
    address = { text, verifiedAt: 0, scope: undefined, isNew: true };
    addresses.push(address);
  }
  const wasFirst = addresses[0] === address;
  address.verifiedAt = now;
  address.scope = scope;
  if (!wasFirst || address.isNew) {
    orderAddresses(addresses);
    indexAddresses(state, slot);
  }
  noteGlobalReach(state, slot);
  if (isProvenDualStack(state, slot, now)) observe(table.columns, slot, DUAL_STACK_YES, now);
  table.columns.dirty[slot]! |= DIRTY;
  state.isDirty = true;
  rescore(state, slot, now);
  return true;
}

/** Global addresses of both families answered within the time that observations count. */
function isProvenDualStack(state: CacheState, slot: number, now: number): boolean {
  const { settings, table } = state;
  const families = new Set<number>();
  for (const { text, scope, verifiedAt } of table.addresses[slot]!) {
    if (scope !== 'global' || now - verifiedAt > settings.model.observationTtlMs) continue;
    const family = settings.classifyAddress(text)?.family;
    if (family !== undefined) families.add(family);
  }
  return families.size === 2;
}

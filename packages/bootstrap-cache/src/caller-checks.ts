// Mistakes of callers without types: refused before anything is changed, with what would have been right.
import { CAPABILITY_MASK, NAT_TYPES } from './packed-capabilities.ts';
import type { SelectOptions } from './selection-query.ts';
import { ADDRESS_SCOPES, type AddressClass, type AddressScope, type ConnectionOutcome, type PeerCapabilities, SELECTION_STRATEGIES } from './types.ts';

/** Round trips beyond a day are a mistake of the caller's clock. */
const MAX_RTT_MS = 86_400_000;

/** The value as it can stand in a message. */
function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 60)}'` : typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function oneOf(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}

/** @throws TypeError */
export function checkScope(scope: AddressScope): void {
  if (!ADDRESS_SCOPES.includes(scope)) throw new TypeError(`a scope is one of ${oneOf(ADDRESS_SCOPES)}, not ${shown(scope)}`);
}

/** A classifier whose answers have the documented form, or throw TypeError. */
export function checkedClassifier(classify: (address: string) => AddressClass | undefined): (address: string) => AddressClass | undefined {
  return (address) => {
    const found = classify(address);
    if (found === undefined) return undefined;
    checkScope(found.scope);
    if (found.family !== undefined && found.family !== 4 && found.family !== 6) throw new TypeError(`classifyAddress must answer a family of 4, 6 or undefined, not ${shown(found.family)}`);
    if (typeof found.network !== 'string' && typeof found.network !== 'number') throw new TypeError(`classifyAddress must answer a network that is text or a number, not ${shown(found.network)}`);
    return found;
  };
}

/** @throws TypeError */
export function checkOutcome(outcome: ConnectionOutcome): void {
  const ok = (outcome as { ok?: unknown } | undefined)?.ok;
  if (typeof ok !== 'boolean') throw new TypeError(`an outcome has ok: true or ok: false, not ${shown(ok)}`);
  if (!outcome.ok) {
    if (outcome.reason !== undefined && typeof outcome.reason !== 'string') throw new TypeError(`a reason is text, not ${shown(outcome.reason)}`);
    return;
  }
  const { rttMs, address, direction, capabilities } = outcome;
  if (rttMs !== undefined && !(rttMs >= 0 && rttMs <= MAX_RTT_MS)) throw new TypeError(`rttMs must lie between 0 and ${MAX_RTT_MS}, got ${shown(rttMs)}: leave it out when it was not measured`);
  if (address !== undefined && typeof address !== 'string') throw new TypeError(`an address is text, not ${shown(address)}`);
  if (direction !== undefined && direction !== 'outbound' && direction !== 'inbound') throw new TypeError(`a direction is 'outbound' or 'inbound', not ${shown(direction)}`);
  checkCapabilities('capabilities', capabilities);
}

/** @throws TypeError */
export function checkCapabilities(name: string, capabilities: Partial<PeerCapabilities> | undefined): void {
  if (capabilities === undefined) return;
  for (const [field, value] of Object.entries(capabilities)) {
    if (!Object.hasOwn(CAPABILITY_MASK, field)) throw new TypeError(`${name}: there is no capability ${shown(field)}; there are ${oneOf(Object.keys(CAPABILITY_MASK))}`);
    if (value === undefined) continue;
    const fits = field === 'natType' ? (NAT_TYPES as readonly unknown[]).includes(value) : typeof value === 'boolean';
    if (!fits) throw new TypeError(`${name}: ${field} is ${field === 'natType' ? `one of ${oneOf(NAT_TYPES)}` : 'true or false'}, not ${shown(value)}`);
  }
}

/** @throws TypeError */
export function checkSelection(options: SelectOptions): void {
  const { strategy, family } = options;
  if (strategy !== undefined && !SELECTION_STRATEGIES.includes(strategy)) throw new TypeError(`a strategy is one of ${oneOf(SELECTION_STRATEGIES)}, not ${shown(strategy)}`);
  if (family !== undefined && family !== 4 && family !== 6) throw new TypeError(`a family is 4 or 6, not ${shown(family)}`);
  checkCapabilities('require', options.require);
  checkCapabilities('prefer', options.prefer);
}

/** @throws TypeError when `count` is no whole number from 0 on */
export function checkCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) throw new TypeError(`count must be a whole number from 0 on, got ${count}`);
}

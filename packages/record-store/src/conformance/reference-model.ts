import { compareBytes } from '../core/bytes.ts';
import type { ProviderRecord, RejectReason, ValueRecord } from '../types.ts';

/** What the model is told of limits; a plain number each. */
export interface ModelLimits {
  maxRecords: number;
  maxTotalBytes: number;
  maxProvidedKeys: number;
  maxProvidersPerKey: number;
  originRecords: number;
  originBytes: number;
  originProviders: number;
  localRecords: number;
}

interface ModelValue {
  key: Uint8Array;
  value: Uint8Array;
  publisher: Uint8Array | undefined;
  expires: number;
  owner: string;
}

interface ModelProvider extends Omit<ProviderRecord, 'expires'> {
  expires: number;
  owner: string;
}

/** Owners: `local`, `here` for records of others that this node put, else `o:` and the origin. */
const LOCAL = 'local';

/**
 * The reference: the same rules written a second time, as plainly as possible, over lists that hold only
 * what lives. Keys that start with `r` are ranked by the first byte of the value.
 */
export class ReferenceModel {
  readonly #limits: ModelLimits;
  readonly #localId: Uint8Array;
  readonly #maxTtlMs: number;
  #values: ModelValue[] = [];
  #providers: ModelProvider[] = [];

  constructor(limits: ModelLimits, localId: Uint8Array, maxTtlMs: number) {
    this.#limits = limits;
    this.#localId = localId;
    this.#maxTtlMs = maxTtlMs;
  }

  put(record: ValueRecord, origin: string | undefined, now: number): string {
    this.#forget(now);
    const mine = origin === undefined && record.publisher !== undefined && alike(record.publisher, this.#localId);
    const owner = mine ? LOCAL : origin === undefined ? 'here' : `o:${origin}`;
    const longest = now + this.#maxTtlMs;
    const expires = record.expires === undefined ? (mine ? Number.POSITIVE_INFINITY : longest) : Math.min(record.expires, longest);
    if (expires <= now) return 'expired';
    const held = this.#values.find(({ key }) => alike(key, record.key));
    const next: ModelValue = { key: record.key, value: record.value, publisher: record.publisher, expires, owner };
    let outcome: string = 'inserted';
    if (held !== undefined) {
      const isSame = alike(held.value, record.value);
      if (record.key[0] === 'r'.charCodeAt(0)) {
        const [heldRank, rank] = [held.value[0] ?? -1, record.value[0] ?? -1];
        if (rank < heldRank) return 'stale';
        if (rank === heldRank && !isSame) return 'conflict';
        outcome = rank === heldRank ? 'refreshed' : 'updated';
      } else {
        if (!isSame && held.owner === LOCAL && !mine) return 'conflict';
        outcome = isSame ? 'refreshed' : 'updated';
      }
      if (outcome === 'refreshed' && !mine) {
        next.owner = held.owner;
        next.publisher = held.publisher;
        if (held.owner === LOCAL) next.expires = held.expires;
        else if (origin !== undefined) next.expires = Math.max(held.expires, expires);
      }
    }
    const refusal = this.#valueRefusal(next, held);
    if (refusal !== undefined) return refusal;
    this.#values = this.#values.filter((other) => other !== held);
    this.#values.push(next);
    return outcome;
  }

  get(key: Uint8Array, now: number): ValueRecord | undefined {
    this.#forget(now);
    const held = this.#values.find((other) => alike(other.key, key));
    return held === undefined ? undefined : toRecord(held);
  }

  remove(key: Uint8Array, now: number): boolean {
    this.#forget(now);
    const before = this.#values.length;
    this.#values = this.#values.filter((other) => !alike(other.key, key));
    return this.#values.length < before;
  }

  records(now: number): ValueRecord[] {
    this.#forget(now);
    return this.#values.map(toRecord).sort((one, other) => compareBytes(one.key, other.key));
  }

  addProvider(record: ProviderRecord, origin: string | undefined, now: number): string {
    this.#forget(now);
    const mine = alike(record.provider, this.#localId);
    if (mine && origin !== undefined) return 'conflict';
    const longest = now + this.#maxTtlMs;
    const expires = record.expires === undefined ? (mine ? Number.POSITIVE_INFINITY : longest) : Math.min(record.expires, longest);
    if (expires <= now) return 'expired';
    const held = this.#providers.find((other) => alike(other.key, record.key) && alike(other.provider, record.provider));
    const next: ModelProvider = { ...record, expires, owner: mine ? LOCAL : origin === undefined ? 'here' : `o:${origin}` };
    if (!mine) {
      const others = this.#providers.filter((other) => other !== held && other.owner !== LOCAL);
      const keys = new Set([...others, ...(held === undefined ? [] : [held])].map((other) => other.key.join()));
      if (!keys.has(record.key.join()) && keys.size + 1 > this.#limits.maxProvidedKeys) return 'at-capacity';
      const refusal = this.#bytesRefusal(next, held, 'providers', this.#limits.originProviders);
      if (refusal !== undefined) return refusal;
      if (held === undefined && others.filter((other) => alike(other.key, record.key)).length + 1 > this.#limits.maxProvidersPerKey) return 'key-full';
    }
    if (held !== undefined) {
      this.#providers[this.#providers.indexOf(held)] = next;
      return held.addresses.join('\n') === record.addresses.join('\n') ? 'refreshed' : 'updated';
    }
    this.#providers.push(next);
    return 'inserted';
  }

  removeProvider(key: Uint8Array, provider: Uint8Array, now: number): boolean {
    this.#forget(now);
    const before = this.#providers.length;
    this.#providers = this.#providers.filter((other) => !alike(other.key, key) || !alike(other.provider, provider));
    return this.#providers.length < before;
  }

  /** In the order of their ids. */
  providers(key: Uint8Array, now: number): ProviderRecord[] {
    this.#forget(now);
    return this.#providers
      .filter((other) => alike(other.key, key))
      .sort((one, other) => compareBytes(one.provider, other.provider))
      .map(({ owner: _owner, expires, ...record }) => (expires === Number.POSITIVE_INFINITY ? record : { ...record, expires }));
  }

  /** How many entries and bytes live, remote and local. */
  usage(now: number): { remote: number; remoteBytes: number; local: number } {
    this.#forget(now);
    const all = [...this.#values, ...this.#providers];
    const remote = all.filter(({ owner }) => owner !== LOCAL);
    return { remote: remote.length, remoteBytes: remote.reduce((sum, entry) => sum + sizeOf(entry), 0), local: all.length - remote.length };
  }

  #valueRefusal(next: ModelValue, held: ModelValue | undefined): RejectReason | undefined {
    const poolOf = (owner: string): string => (owner === LOCAL ? LOCAL : 'remote');
    const others = this.#values.filter((other) => other !== held && poolOf(other.owner) === poolOf(next.owner));
    const cap = next.owner === LOCAL ? this.#limits.localRecords : this.#limits.maxRecords;
    if ((held === undefined || poolOf(held.owner) !== poolOf(next.owner)) && others.length + 1 > cap) return 'at-capacity';
    return next.owner === LOCAL ? undefined : this.#bytesRefusal(next, held, 'values', this.#limits.originRecords);
  }

  #bytesRefusal(next: ModelValue | ModelProvider, held: ModelValue | ModelProvider | undefined, kind: 'values' | 'providers', originEntries: number): RejectReason | undefined {
    const all = [...this.#values, ...this.#providers].filter((other) => other !== held && other.owner !== LOCAL);
    const total = all.reduce((sum, other) => sum + sizeOf(other), 0);
    const heldBytes = held !== undefined && held.owner !== LOCAL ? sizeOf(held) : 0;
    if (sizeOf(next) > heldBytes && total + sizeOf(next) > this.#limits.maxTotalBytes) return 'at-capacity';
    if (!next.owner.startsWith('o:')) return undefined;
    const same = all.filter((other) => other.owner === next.owner);
    const sameKind = (kind === 'values' ? this.#values : this.#providers).filter((other) => other !== held && other.owner === next.owner);
    const itsBytes = held?.owner === next.owner ? sizeOf(held) : undefined;
    if (itsBytes === undefined && sameKind.length + 1 > originEntries) return 'quota';
    const bytes = same.reduce((sum, other) => sum + sizeOf(other), 0);
    return sizeOf(next) > (itsBytes ?? 0) && bytes + sizeOf(next) > this.#limits.originBytes ? 'quota' : undefined;
  }

  #forget(now: number): void {
    this.#values = this.#values.filter(({ expires }) => expires > now);
    this.#providers = this.#providers.filter(({ expires }) => expires > now);
  }
}

function sizeOf(entry: ModelValue | ModelProvider): number {
  if ('value' in entry) return entry.key.length + entry.value.length + (entry.publisher?.length ?? 0);
  return entry.key.length + entry.provider.length + entry.addresses.reduce((sum, address) => sum + address.length, 0);
}

function toRecord({ key, value, publisher, expires }: ModelValue): ValueRecord {
  return { key, value, ...(publisher === undefined ? {} : { publisher }), ...(expires === Number.POSITIVE_INFINITY ? {} : { expires }) };
}

function alike(one: Uint8Array, other: Uint8Array): boolean {
  return compareBytes(one, other) === 0;
}

import type { ProviderSituation, Room, Step } from '../../core/admission.ts';
import type { AdmissionState, ValueChange } from '../../core/admit.ts';
import { bytesText, equalBytes } from '../../core/bytes.ts';
import { providerRowKey, splitProviderRowKey } from '../../core/stored-codec.ts';
import type { Owner, StoredProvider, StoredValue } from '../../core/stored.ts';
import type { OriginUsage, PoolUsage } from '../../core/usage.ts';
import type { RecordStoreError } from '../../errors.ts';
import type { Caps } from '../../limits.ts';
import { intact } from '../intact.ts';
import type { LmdbEnvironment } from './environment.ts';
import { encodeProvidersRow } from './provider-row.ts';
import type { RowReader } from './row-reader.ts';
import { classOf, expiryKey, expiryRange, fromExpiryKey, fromOriginKey, originKey, originRange, ROW, rowKey, type EntryClass, type FiledProvider, type FiledValue } from './rows.ts';
import { LmdbUsage } from './usage-rows.ts';
import { encodeValueRow } from './value-row.ts';
import type { WriteQueue } from './write-queue.ts';

const NOTHING: Uint8Array = new Uint8Array(0);
/** Expired entries that are removed at a time to make room. */
const RECLAIM_CHUNK = 128;

/** An entry that expiry found. */
export type ExpiredEntry = { readonly kind: 'value'; readonly entry: FiledValue } | { readonly kind: 'provider'; readonly entry: FiledProvider };

export interface LmdbStateParts {
  readonly caps: Caps;
  readonly environment: () => LmdbEnvironment;
  readonly queue: WriteQueue;
  readonly reader: RowReader;
  /** An entry went to make room. */
  readonly evicted: (key: Uint8Array, provider: Uint8Array | undefined, why: 'expired' | 'replaced') => void;
  /** A row was not what was written; it counts as none. */
  readonly damaged: (error: RecordStoreError, key: Uint8Array) => void;
  /** Such a row is discarded: what it counted for is a guess. */
  readonly discarded: () => void;
}

/** What is stored, as decisions see it: the file's rows, and before them those that are on their way there. */
export class LmdbState implements AdmissionState {
  readonly usage: LmdbUsage = new LmdbUsage();
  readonly #parts: LmdbStateParts;
  /** The value row that was looked at last: what decides asks for a key, then writes it. */
  #last: { readonly key: Uint8Array; readonly at: Uint8Array; readonly text: string } | undefined;
  readonly #room: { pool: PoolUsage; origin: OriginUsage; readonly caps: Caps };

  constructor(parts: LmdbStateParts) {
    this.#parts = parts;
    this.#room = { pool: this.usage.remote, origin: this.usage.origin(undefined), caps: parts.caps };
  }

  /** A row that cannot be read is discarded: it cannot win against what is offered. */
  storedValue(key: Uint8Array): FiledValue | undefined {
    const found = this.lookUpValue(key);
    if (found !== 'damaged') return found;
    this.discardValue(key);
    return undefined;
  }

  lookUpValue(key: Uint8Array): FiledValue | 'damaged' | undefined {
    const at = rowKey(ROW.value, key);
    const text = bytesText(at);
    this.#last = { key, at, text };
    return this.#read(key, this.#row(at, text), (row) => this.#parts.reader.value(key, at, row));
  }

  room(owner: Owner): Room {
    this.#room.pool = this.usage.pool(owner);
    this.#room.origin = this.usage.origin(owner.origin);
    return this.#room;
  }

  writeValue({ outcome, candidate, owner, expires, bytes }: ValueChange, stored: StoredValue | undefined): void {
    const before = stored as FiledValue | undefined;
    const { key } = candidate;
    const whose = outcome === 'refreshed' && owner !== candidate && before !== undefined ? before : candidate;
    // What others send of a local record says nothing of when this node sent it.
    const { storedAt } = whose.local ? whose : candidate;
    this.#recount('value', before, owner, bytes);
    const filedAt = this.#file('value', key, before, owner, expires);
    // Asked for a moment ago, in the same decision.
    const { at, text } = this.#last?.key === key ? this.#last : { at: rowKey(ROW.value, key), text: undefined };
    const { value, publisher, rank } = whose;
    this.#parts.queue.write(at, encodeValueRow(at, { value, publisher, rank, storedAt, expires, local: owner.local, origin: owner.origin }, filedAt), text);
    this.#last = undefined;
  }

  situation(candidate: StoredProvider): ProviderSituation {
    const providers = this.providersOf(candidate.key);
    const stored = providers.find((known) => known.local === candidate.local && equalBytes(known.provider, candidate.provider));
    return { stored, count: providers.reduce((count, { local }) => count + (local === candidate.local ? 1 : 0), 0) };
  }

  incumbents(key: Uint8Array): readonly FiledProvider[] {
    return this.providersOf(key).filter(({ local }) => !local);
  }

  writeProvider(candidate: StoredProvider, stored: StoredProvider | undefined): void {
    const { key, local } = candidate;
    const before = stored as FiledProvider | undefined;
    const providers = this.providersOf(key);
    if (before === undefined && !providers.some((known) => known.local === local)) this.usage.pool(candidate).providedKeys += 1;
    this.#recount('provider', before, candidate, candidate.bytes);
    const reference = providerRowKey(key, candidate.provider);
    const filed: FiledProvider = { ...candidate, filedAt: this.#file('provider', reference, before, candidate, candidate.expires) };
    const at = before === undefined ? -1 : providers.findIndex((known) => known.local === local && equalBytes(known.provider, candidate.provider));
    if (at >= 0) providers[at] = filed;
    else if (local) providers.unshift(filed);
    else providers.push(filed);
    if (local && at < 0) this.#parts.queue.write(rowKey(ROW.provided, key), NOTHING);
    this.#writeProviders(key, providers);
  }

  dropProvider(provider: StoredProvider): void {
    this.#parts.evicted(provider.key, provider.provider, 'replaced');
    this.removeProvider(provider as FiledProvider);
  }

  /** All of a key, this node first, in the order in which they came. A row that cannot be read is discarded. */
  providersOf(key: Uint8Array): FiledProvider[] {
    const found = this.lookUpProviders(key);
    if (found !== 'damaged') return found;
    this.discardProviders(key);
    return [];
  }

  lookUpProviders(key: Uint8Array): FiledProvider[] | 'damaged' {
    const at = rowKey(ROW.providers, key);
    return this.#read(key, this.#row(at), (row) => this.#parts.reader.providers(key, at, row)) ?? [];
  }

  removeValue(stored: FiledValue): void {
    this.usage.count('value', stored, stored.bytes, -1);
    this.#unfile('value', stored.key, stored);
    this.#parts.queue.write(rowKey(ROW.value, stored.key), undefined);
  }

  /** Takes out a value row that cannot be read. */
  discardValue(key: Uint8Array): void {
    this.#discard('value', rowKey(ROW.value, key));
  }

  /** Takes out all providers of a key, where they cannot be read. */
  discardProviders(key: Uint8Array): void {
    this.#discard('provider', rowKey(ROW.providers, key));
    this.#parts.queue.write(rowKey(ROW.provided, key), undefined);
  }

  removeProvider(stored: FiledProvider): void {
    const { key, local, provider } = stored;
    const left = this.providersOf(key).filter((known) => known.local !== local || !equalBytes(known.provider, provider));
    this.usage.count('provider', stored, stored.bytes, -1);
    if (!left.some((known) => known.local === local)) this.usage.pool(stored).providedKeys -= 1;
    this.#unfile('provider', providerRowKey(key, provider), stored);
    if (local) this.#parts.queue.write(rowKey(ROW.provided, key), undefined);
    this.#writeProviders(key, left);
  }

  reclaim(step: Step, owner: Owner, key: Uint8Array, now: number): boolean {
    let found = 0;
    for (const expired of this.#expiredIn(step, owner, key, now)) {
      const { kind, entry } = expired;
      this.#parts.evicted(entry.key, kind === 'provider' ? entry.provider : undefined, 'expired');
      this.removeExpired(expired);
      found += 1;
      if (found >= RECLAIM_CHUNK) break;
    }
    return found > 0;
  }

  removeExpired({ kind, entry }: ExpiredEntry): void {
    if (kind === 'value') this.removeValue(entry);
    else this.removeProvider(entry);
  }

  /** Entries of a class that are expired. Those that were prolonged since they were filed are filed anew on the way. Each must be removed before the next is taken. */
  *expired(entryClass: EntryClass, now: number): Generator<ExpiredEntry, void, undefined> {
    yield* this.#found(expiryRange(entryClass, now), ROW.expiry, fromExpiryKey, now);
  }

  #expiredIn(step: Step, owner: Owner, key: Uint8Array, now: number): Iterable<ExpiredEntry> {
    switch (step) {
      case 'reclaim-key':
        return this.incumbents(key).flatMap((entry) => (entry.expires <= now ? [{ kind: 'provider' as const, entry }] : []));
      case 'reclaim-origin':
        return owner.origin === undefined ? [] : this.#found(originRange(this.usage.hashOf(owner.origin), now), ROW.origin, fromOriginKey, now);
      case 'reclaim-records':
        return this.expired(classOf('value', owner.local), now);
      case 'reclaim-providers':
        return this.expired(classOf('provider', owner.local), now);
      default:
        return this.#eitherKind(owner.local, now);
    }
  }

  *#eitherKind(local: boolean, now: number): Generator<ExpiredEntry, void, undefined> {
    yield* this.expired(classOf('value', local), now);
    yield* this.expired(classOf('provider', local), now);
  }

  *#found(range: { start: Uint8Array; end: Uint8Array }, kind: number, parse: typeof fromExpiryKey, now: number): Generator<ExpiredEntry, void, undefined> {
    for (const key of this.#keysOf(range, kind)) {
      const filed = parse(key);
      const entry = filed === undefined ? undefined : this.#entryAt(filed.entryClass, filed.reference);
      if (filed === undefined || entry === undefined || entry.entry.filedAt !== filed.filedAt) this.#parts.queue.write(key, undefined);
      else if (entry.entry.expires > now) this.#refile(entry);
      else yield entry;
    }
  }

  /** Keys of index rows, those on their way to the file included. A copy of each; no order between the two. */
  *#keysOf(range: { start: Uint8Array; end: Uint8Array }, kind: number): Generator<Uint8Array, void, undefined> {
    const { queue, environment } = this.#parts;
    for (const key of environment().keys(range)) {
      const pending = queue.isEmpty ? undefined : queue.pending(bytesText(key));
      if (pending === undefined) yield new Uint8Array(key);
    }
    if (queue.isEmpty) return;
    const start = bytesText(range.start);
    const end = bytesText(range.end);
    const waiting: Uint8Array[] = [];
    for (const { key, value } of queue.rows()) {
      if (value === undefined || key[0] !== kind) continue;
      const text = bytesText(key);
      if (text >= start && text < end) waiting.push(key);
    }
    yield* waiting;
  }

  #entryAt(entryClass: EntryClass, reference: Uint8Array): ExpiredEntry | undefined {
    if (entryClass < 2) {
      const entry = this.storedValue(reference);
      return entry === undefined || classOf('value', entry.local) !== entryClass ? undefined : { kind: 'value', entry };
    }
    const { key, provider } = splitProviderRowKey(reference);
    const entry = this.providersOf(key).find((known) => classOf('provider', known.local) === entryClass && equalBytes(known.provider, provider));
    return entry === undefined ? undefined : { kind: 'provider', entry };
  }

  #refile({ kind, entry }: ExpiredEntry): void {
    if (kind === 'value') {
      this.#unfile('value', entry.key, entry);
      const filedAt = this.#file('value', entry.key, undefined, entry, entry.expires);
      const at = rowKey(ROW.value, entry.key);
      this.#parts.queue.write(at, encodeValueRow(at, entry.as ?? entry, filedAt));
      return;
    }
    const reference = providerRowKey(entry.key, entry.provider);
    this.#unfile('provider', reference, entry);
    const filedAt = this.#file('provider', reference, undefined, entry, entry.expires);
    this.#writeProviders(entry.key, this.providersOf(entry.key).map((known) => (known.local === entry.local && equalBytes(known.provider, entry.provider) ? { ...known, filedAt } : known)));
  }

  #recount(kind: 'value' | 'provider', before: FiledValue | FiledProvider | undefined, owner: Owner, bytes: number): void {
    if (before !== undefined) {
      if (before.local === owner.local && before.origin === owner.origin && before.bytes === bytes) return;
      this.usage.count(kind, before, before.bytes, -1);
    }
    this.usage.count(kind, owner, bytes, 1);
  }

  /** Files an entry under its expiry; where it stays filed as it was, if that does for its new one. Returns what it is filed under. */
  #file(kind: 'value' | 'provider', reference: Uint8Array, before: FiledValue | FiledProvider | undefined, owner: Owner, expires: number): number {
    if (before !== undefined) {
      const stays = before.local === owner.local && before.origin === owner.origin && before.filedAt <= expires;
      if (stays && before.filedAt !== Number.POSITIVE_INFINITY) return before.filedAt;
      this.#unfile(kind, reference, before);
    }
    if (expires === Number.POSITIVE_INFINITY) return expires;
    const entryClass = classOf(kind, owner.local);
    this.#parts.queue.write(expiryKey(entryClass, expires, reference), NOTHING);
    if (owner.origin !== undefined) this.#parts.queue.write(originKey(this.usage.hashOf(owner.origin), expires, entryClass, reference), NOTHING);
    return expires;
  }

  #unfile(kind: 'value' | 'provider', reference: Uint8Array, { local, origin, filedAt }: Owner & { readonly filedAt: number }): void {
    if (filedAt === Number.POSITIVE_INFINITY) return;
    const entryClass = classOf(kind, local);
    this.#parts.queue.write(expiryKey(entryClass, filedAt, reference), undefined);
    if (origin !== undefined) this.#parts.queue.write(originKey(this.usage.hashOf(origin), filedAt, entryClass, reference), undefined);
  }

  #writeProviders(key: Uint8Array, providers: readonly FiledProvider[]): void {
    const at = rowKey(ROW.providers, key);
    this.#parts.queue.write(at, providers.length === 0 ? undefined : encodeProvidersRow(at, providers));
  }

  #row(key: Uint8Array, text?: string): Buffer | undefined {
    const { queue, environment } = this.#parts;
    const pending = queue.isEmpty ? undefined : queue.pending(text ?? bytesText(key));
    if (pending === undefined) return environment().get(key);
    return pending.value as Buffer | undefined;
  }

  #discard(kind: 'value' | 'provider', at: Uint8Array): void {
    this.usage.discount(kind, this.#row(at)?.length ?? 0);
    this.#parts.queue.write(at, undefined);
    this.#parts.discarded();
  }

  #read<T>(key: Uint8Array, row: Buffer | undefined, decode: (row: Buffer) => T): T | 'damaged' | undefined {
    if (row === undefined) return undefined;
    return intact<T | 'damaged'>(decode.bind(undefined, row), (error) => this.#parts.damaged(error, key)) ?? 'damaged';
  }
}

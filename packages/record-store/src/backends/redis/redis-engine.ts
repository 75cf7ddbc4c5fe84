import type { Admission, Chooser } from '../../core/admit.ts';
import { bytesText, copyBytes, equalBytes, startsWith } from '../../core/bytes.ts';
import type { EngineReport, EngineUsage, ExpiredChunk, RecordEngine, ValueScan } from '../../core/engine.ts';
import { decodeProvider, decodeValue, encodeProvider, encodeValue, splitProviderRowKey } from '../../core/stored-codec.ts';
import type { StoredProvider, StoredValue, ValueCandidate } from '../../core/stored.ts';
import { RecordStoreError } from '../../errors.ts';
import type { Caps } from '../../limits.ts';
import type { StoreCapabilities } from '../../types.ts';
import { PutBatches } from './put-batches.ts';
import type { RedisArgument } from './redis-client.ts';
import type { RedisConnection } from './redis-connection.ts';
import { intact } from '../intact.ts';
import { capArguments, reportChanges, toBytes, toText, type ScriptAnswer } from './script-arguments.ts';
import { ADD_SCRIPT } from './script-add.ts';
import { EXPIRE_SCRIPT, REMOVE_PROVIDER_SCRIPT, REMOVE_SCRIPT } from './scripts.ts';
import { Turns } from './turns.ts';

/** Keys, and rows, that a scan reads at a time. */
const PAGE = 128;
/** A script blocks the server for everybody: about 10 µs an entry. */
const EXPIRE_CHUNK = 200;
const ATTEMPTS = 20;
/** No revision and no victim yet. */
const UNDECIDED: readonly RedisArgument[] = ['', ''];

type AddAnswer = [outcome: unknown, revision: unknown, rows: unknown[]];

export interface RedisEngineParts {
  readonly connection: RedisConnection;
  readonly capabilities: StoreCapabilities;
  readonly localId: Uint8Array;
  readonly caps: Caps;
  readonly report: EngineReport;
  readonly choose: Chooser;
  /** Told of every damaged row that is met among others. */
  readonly onDamaged: (error: RecordStoreError, key: Uint8Array) => void;
}

/** Rows in Redis; every change is one script, so that nodes that share a namespace see one state. */
export class RedisEngine implements RecordEngine {
  readonly capabilities: StoreCapabilities;
  readonly #parts: RedisEngineParts;
  readonly #connection: RedisConnection;
  readonly #puts: PutBatches;
  readonly #turns: Turns = new Turns();

  constructor(parts: RedisEngineParts) {
    this.#parts = parts;
    this.#connection = parts.connection;
    this.capabilities = parts.capabilities;
    this.#puts = new PutBatches(parts.connection, parts.caps, parts.report);
  }

  async getValue(key: Uint8Array, signal: AbortSignal | undefined): Promise<StoredValue | undefined> {
    const own = copyBytes(key);
    const row = await this.#connection.read(['GET', this.#connection.key('v:', own)], signal);
    return row === null ? undefined : this.#value(own, toBytes(row));
  }

  putValue(candidate: ValueCandidate, now: number, signal: AbortSignal | undefined): Promise<Admission> {
    return this.#puts.add(candidate.key, encodeValue(candidate), candidate.ifVersion, now, signal);
  }

  putValues(candidates: readonly ValueCandidate[], now: number, signal: AbortSignal | undefined): Promise<Admission[]> {
    return Promise.all(candidates.map((candidate) => this.putValue(candidate, now, signal)));
  }

  async removeValue(key: Uint8Array, accept: (stored: StoredValue | undefined) => boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const own = copyBytes(key);
    return await this.#compareAndRemove(['GET', this.#connection.key('v:', own)], REMOVE_SCRIPT, [own], (row) => accept(intact(() => this.#value(own, row))), signal);
  }

  async *scanValues({ prefix, after, limit, signal }: ValueScan): AsyncIterable<StoredValue> {
    let from = after === undefined || (prefix !== undefined && startsWithOrAbove(prefix, after)) ? lexical('[', prefix ?? new Uint8Array(0)) : lexical('(', after);
    const page = String(Math.max(1, Math.min(PAGE, limit)));
    for (;;) {
      const keys = ((await this.#connection.read(['ZRANGEBYLEX', this.#connection.key('i'), from, '+', 'LIMIT', '0', page], signal)) as unknown[]).map((key) => copyBytes(toBytes(key)));
      const last = keys.at(-1);
      if (last === undefined) return;
      const wanted = prefix === undefined ? keys : keys.filter((key) => startsWith(key, prefix));
      const rows = wanted.length === 0 ? [] : ((await this.#connection.read(['MGET', ...wanted.map((key) => this.#connection.key('v:', key))], signal)) as unknown[]);
      for (const [at, row] of rows.entries()) {
        const stored = row === null ? undefined : this.#met(wanted[at]!, () => this.#value(wanted[at]!, toBytes(row)));
        if (stored !== undefined) yield stored;
      }
      if (wanted.length < keys.length || keys.length < Number(page)) return;
      from = lexical('(', last);
    }
  }

  async addProvider(asked: StoredProvider, now: number, signal: AbortSignal | undefined): Promise<Admission> {
    const { caps, report, choose } = this.#parts;
    const candidate: StoredProvider = { ...asked, key: copyBytes(asked.key), provider: copyBytes(asked.provider), addresses: [...asked.addresses] };
    const fixed = [...capArguments(now, caps), candidate.key, candidate.provider, encodeProvider(candidate)];
    const add = async (decision: readonly RedisArgument[]): Promise<AddAnswer> => {
      const [own, evicted, usage] = (await this.#connection.run(ADD_SCRIPT, [...fixed, ...decision], signal)) as ScriptAnswer<AddAnswer>;
      reportChanges(report, evicted, usage);
      return own;
    };
    const [first] = await add(UNDECIDED);
    if (toText(first) !== 'choose') return toText(first) as Admission;
    // Several at a time would make each other's decisions worthless.
    return await this.#turns.take(bytesText(candidate.key), async () => {
      let decision: readonly RedisArgument[] = UNDECIDED;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const [outcome, revision, rows] = await add(decision);
        if (toText(outcome) !== 'choose') return toText(outcome) as Admission;
        const incumbents = this.#providers(candidate.key, rows).filter(({ expires }) => expires > now);
        const victim = incumbents[choose(candidate, incumbents)];
        if (victim === undefined) return 'key-full';
        decision = [toText(revision), victim.provider];
      }
      throw busy();
    });
  }

  async removeProvider(key: Uint8Array, provider: Uint8Array, accept: (stored: StoredProvider | undefined) => boolean, signal: AbortSignal | undefined): Promise<boolean> {
    const [ownKey, ownProvider] = [copyBytes(key), copyBytes(provider)];
    const read = ['HGET', this.#connection.key('p:', ownKey), ownProvider];
    return await this.#compareAndRemove(read, REMOVE_PROVIDER_SCRIPT, [ownKey, ownProvider], (row) => accept(intact(() => decodeProvider(ownKey, ownProvider, row))), signal);
  }

  async providersOf(key: Uint8Array, signal: AbortSignal | undefined): Promise<readonly StoredProvider[]> {
    const own = copyBytes(key);
    const fields = (await this.#connection.read(['HGETALL', this.#connection.key('p:', own)], signal)) as unknown[];
    const providers = this.#providers(own, fields);
    // This node's own comes first, whatever else there is.
    return providers.sort((one, other) => Number(other.local) - Number(one.local) || one.position - other.position);
  }

  async *scanProvided(signal: AbortSignal | undefined): AsyncIterable<StoredProvider> {
    let from: RedisArgument = '-';
    for (;;) {
      const members = (await this.#connection.read(['ZRANGEBYLEX', this.#connection.key('y'), from, '+', 'LIMIT', '0', String(PAGE)], signal)) as unknown[];
      for (const member of members) {
        const { key, provider } = splitProviderRowKey(copyBytes(toBytes(member)));
        // Others that share the namespace have theirs here too.
        if (!equalBytes(provider, this.#parts.localId)) continue;
        const row = await this.#connection.read(['HGET', this.#connection.key('p:', key), provider], signal);
        const stored = row === null ? undefined : this.#met(key, () => decodeProvider(key, provider, toBytes(row)));
        if (stored !== undefined) yield stored;
      }
      const last = members.at(-1);
      if (last === undefined || members.length < PAGE) return;
      from = lexical('(', toBytes(last));
    }
  }

  async expire(now: number, limit: number, signal: AbortSignal | undefined): Promise<ExpiredChunk> {
    const [records, providers, bytes, more] = ((await this.#connection.run(EXPIRE_SCRIPT, [String(now), String(Math.min(limit, EXPIRE_CHUNK))], signal)) as unknown[]).map(Number);
    return { records: records!, providers: providers!, bytes: bytes!, more: more === 1 };
  }

  async usage(): Promise<EngineUsage> {
    const [fields, origins] = await Promise.all([this.#connection.read(['HGETALL', this.#connection.key('u')], undefined), this.#connection.read(['SCARD', this.#connection.key('s')], undefined)]);
    const flat = (fields as unknown[]).map(toText);
    const counts = new Map<string, number>();
    for (let at = 0; at < flat.length; at += 2) counts.set(flat[at]!, Number(flat[at + 1]));
    const pool = (side: string): EngineUsage['local'] => ({ records: counts.get(`${side}r`) ?? 0, bytes: counts.get(`${side}b`) ?? 0, providedKeys: counts.get(`${side}k`) ?? 0, providers: counts.get(`${side}p`) ?? 0 });
    return { local: pool('l'), remote: pool('r'), origins: Number(origins) };
  }

  async close(): Promise<void> {
    await this.#puts.idle();
  }

  /** A record of another node's that shares the namespace is none of this node's own. */
  #value(key: Uint8Array, row: Uint8Array): StoredValue {
    const stored = decodeValue(key, copyBytes(row));
    return stored.local && !(stored.publisher !== undefined && equalBytes(stored.publisher, this.#parts.localId)) ? { ...stored, local: false } : stored;
  }

  #providers(key: Uint8Array, fields: readonly unknown[]): StoredProvider[] {
    const providers: StoredProvider[] = [];
    for (let at = 0; at < fields.length; at += 2) {
      const provider = copyBytes(toBytes(fields[at]));
      // Under the empty id the key's own counts are kept.
      if (provider.length === 0) continue;
      const stored = this.#met(key, () => decodeProvider(key, provider, toBytes(fields[at + 1])));
      if (stored !== undefined) providers.push({ ...stored, local: stored.local && equalBytes(provider, this.#parts.localId) });
    }
    return providers;
  }

  /** A row among others; a damaged one is told of and left out. */
  #met<T>(key: Uint8Array, decode: () => T): T | undefined {
    return intact(decode, (error) => this.#parts.onDamaged(error, key));
  }

  /** Removes a row if it is accepted and still what was read. */
  async #compareAndRemove(read: readonly RedisArgument[], script: string, names: readonly Uint8Array[], accept: (row: Uint8Array) => boolean, signal: AbortSignal | undefined): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const row = await this.#connection.read(read, signal);
      if (row === null || !accept(toBytes(row))) return false;
      if (Number(await this.#connection.run(script, [...names, toBytes(row)], signal)) === 1) return true;
    }
    throw busy();
  }
}

/** A bound of ZRANGEBYLEX. */
function lexical(bracket: '[' | '(', bytes: Uint8Array): Uint8Array {
  const bound = new Uint8Array(1 + bytes.length);
  bound[0] = bracket.charCodeAt(0);
  bound.set(bytes, 1);
  return bound;
}

/** True when everything with this prefix is greater than `after`. */
function startsWithOrAbove(prefix: Uint8Array, after: Uint8Array): boolean {
  for (let at = 0; at < prefix.length; at++) {
    const byte = after[at];
    if (byte === undefined || byte < prefix[at]!) return true;
    if (byte > prefix[at]!) return false;
  }
  return false;
}

function busy(): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_BUSY', `others changed the same key ${ATTEMPTS} times while this call tried to: try again later.`);
}

import type { Admission, Chooser } from '../core/admit.ts';
import { copyBytes, equalBytes } from '../core/bytes.ts';
import { CapacityAlarm } from '../core/capacity-alarm.ts';
import { checkBytes, checkProvider, checkValue, providerCandidate, refuseProvider, refuseValue, valueCandidate } from '../core/candidate.ts';
import { Counters } from '../core/counters.ts';
import type { EngineReport, RecordEngine, Soon } from '../core/engine.ts';
import { providerRecord, valueRecord } from '../core/records-out.ts';
import { Schedule } from '../core/schedule.ts';
import type { Settings } from '../core/settings.ts';
import type { StoredValue } from '../core/stored.ts';
import { RecordStoreError } from '../errors.ts';
import { StoreEmitter, type StoreEvents, type StoreEventType } from '../events.ts';
import type { RecordStore } from '../record-store.ts';
import type {
  DueOptions,
  OriginOptions,
  ProviderRecord,
  ProvidersOptions,
  PutOptions,
  PutResult,
  ReadOptions,
  RecordsOptions,
  RejectReason,
  RepublishItem,
  StoreCapabilities,
  StoreStats,
  SweepOptions,
  SweepResult,
  ValueRecord,
  WaitOptions,
  WriteOptions,
} from '../types.ts';
import { MAX_RANK_BYTES, type Validator, type Verdict } from '../validators/validator.ts';
import { dueItems } from './due-items.ts';
import { orderProviders } from './order-providers.ts';
import { ownOptions, ownRecord } from './own-bytes.ts';
import { sweepChunks } from './sweep-chunks.ts';

/** What a store is built from. */
export interface PolicyStoreParts {
  readonly settings: Settings;
  /** Makes the engine; `choose` is the full-key policy bound to this store. */
  readonly engine: (report: EngineReport, choose: Chooser) => RecordEngine;
  /** Lets other tasks of the event loop run. */
  readonly pause: () => Promise<void>;
}

/** Everything that is the same for all engines: checks, validation, expiry on reads, events, counters, schedule. */
export class PolicyStore implements RecordStore {
  readonly #settings: Settings;
  readonly #engine: RecordEngine;
  readonly #pause: () => Promise<void>;
  readonly #emitter = new StoreEmitter();
  readonly #counters = new Counters();
  readonly #schedule: Schedule;
  readonly #pending = new Set<Promise<unknown>>();
  /** Validators that take their time: what they look at is copied first. */
  readonly #slow = new WeakSet<Validator>();
  #closing: Promise<void> | undefined;

  constructor({ settings, engine, pause }: PolicyStoreParts) {
    this.#settings = settings;
    this.#pause = pause;
    this.#schedule = new Schedule(settings.localId, settings.republish);
    const alarm = new CapacityAlarm(settings.caps.remote, this.#emitter);
    const report: EngineReport = {
      grew: (usage) => alarm.check(usage),
      evicted: (key, provider, why) => {
        this.#counters.evicted[why] += 1;
        if (this.#emitter.has('evicted')) this.#emitter.emit({ type: 'evicted', key, provider, why });
      },
    };
    this.#engine = engine(report, (newcomer, incumbents) =>
      settings.fullKey.choose(newcomer, incumbents, { key: newcomer.key, distance: settings.distance, random: settings.random, secret: settings.secret }),
    );
  }

  get capabilities(): StoreCapabilities {
    return this.#engine.capabilities;
  }

  get(key: Uint8Array, options?: ReadOptions): Promise<ValueRecord | undefined> {
    return this.#run(options, () => {
      checkBytes('key', key);
      const copy = options?.copy === true;
      const stored = this.#engine.getValue(key, options?.signal);
      return stored instanceof Promise ? stored.then((value) => this.#seen(value, copy)) : this.#seen(stored, copy);
    });
  }

  put(record: ValueRecord, options?: PutOptions): Promise<PutResult> {
    return this.#run(options, () => {
      checkValue(record, options);
      if (options?.ifVersion !== undefined && options.ifVersion !== 'absent' && !(options.ifVersion instanceof Uint8Array)) throw new TypeError("ifVersion must be a Uint8Array or 'absent'");
      const refusal = refuseValue(record, this.#settings);
      if (refusal !== undefined) return this.#result(refusal, record.key, undefined, options?.origin);
      const validator = this.#settings.validators.of(record.key);
      if (!this.#slow.has(validator)) {
        const now = this.#settings.clock.now();
        const verdict = validator.validate(record, now);
        if (!(verdict instanceof Promise)) return this.#putValid(record, verdict, options, now);
        // Found out by asking it once. It may look at the caller's bytes at any later time, so that answer is worth nothing.
        this.#slow.add(validator);
        verdict.catch(() => {});
      }
      return this.#putSlowly(ownRecord(record, options), validator, ownOptions(options));
    });
  }

  putMany(records: readonly ValueRecord[], options?: WriteOptions): Promise<PutResult[]> {
    return this.#run(options, async () => {
      for (const record of records) checkValue(record, options);
      const { clock, validators } = this.#settings;
      const { origin, signal } = options ?? {};
      // Before anything is awaited: afterwards the caller's bytes may be others.
      const own = records.map((record) => {
        const refusal = refuseValue(record, this.#settings);
        return { record: refusal === undefined ? ownRecord(record, options) : { ...record, key: copyBytes(record.key) }, refusal };
      });
      const refusals = await Promise.all(
        own.map(async ({ record, refusal }): Promise<RejectReason | Uint8Array | undefined> => refusal ?? ownRank(judged(await validators.of(record.key).validate(record, clock.now())))),
      );
      this.#checkOpen(signal);
      const now = clock.now();
      const valid = own.flatMap(({ record }, at) => {
        const refusal = refusals[at];
        return typeof refusal === 'string' ? [] : [valueCandidate(record, refusal, { origin, copy: false }, this.#settings, now)];
      });
      const admissions = valid.length === 0 ? [] : await this.#engine.putValues(valid, now, signal);
      let next = 0;
      return own.map(({ record }, at) => {
        const refusal = refusals[at];
        return this.#result(typeof refusal === 'string' ? refusal : admissions[next++]!, record.key, undefined, origin);
      });
    });
  }

  remove(key: Uint8Array, options?: WaitOptions & { ifPublisher?: Uint8Array | undefined }): Promise<boolean> {
    return this.#run(options, () => {
      checkBytes('key', key);
      if (options?.ifPublisher !== undefined) checkBytes('ifPublisher', options.ifPublisher);
      const ifPublisher = options?.ifPublisher && copyBytes(options.ifPublisher);
      const now = this.#settings.clock.now();
      const accept = (stored: StoredValue | undefined): boolean => {
        // Whose a damaged one is, nobody knows.
        if (stored === undefined) return ifPublisher === undefined;
        return stored.expires > now && (ifPublisher === undefined || (stored.publisher !== undefined && equalBytes(stored.publisher, ifPublisher)));
      };
      return this.#engine.removeValue(key, accept, options?.signal);
    });
  }

  records(options: RecordsOptions = {}): AsyncIterable<ValueRecord> {
    const { prefix, after, limit = Number.POSITIVE_INFINITY } = options;
    for (const [name, bytes] of Object.entries({ prefix, after })) if (bytes !== undefined && !(bytes instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
    if (!(limit >= 0)) throw new TypeError('limit must be a number >= 0');
    // Nothing is read before the caller asks for the first one.
    return this.#records({ ...options, prefix: prefix && copyBytes(prefix), after: after && copyBytes(after), limit });
  }

  addProvider(provider: ProviderRecord, options?: OriginOptions): Promise<PutResult> {
    return this.#run(options, () => {
      checkProvider(provider, options?.origin);
      const { key, provider: id } = provider;
      const refusal = refuseProvider(provider, options?.origin, this.#settings);
      if (refusal !== undefined) return this.#result(refusal, key, id, options?.origin);
      const now = this.#settings.clock.now();
      const admission = this.#engine.addProvider(providerCandidate(provider, options?.origin, this.#settings, now), now, options?.signal);
      return admission instanceof Promise ? admission.then((settled) => this.#result(settled, key, id, options?.origin)) : this.#result(admission, key, id, options?.origin);
    });
  }

  removeProvider(key: Uint8Array, provider: Uint8Array, options?: WaitOptions): Promise<boolean> {
    return this.#run(options, () => {
      checkBytes('key', key);
      checkBytes('provider', provider);
      const now = this.#settings.clock.now();
      return this.#engine.removeProvider(key, provider, (stored) => stored === undefined || stored.expires > now, options?.signal);
    });
  }

  providers(key: Uint8Array, options: ProvidersOptions = {}): Promise<ProviderRecord[]> {
    return this.#run(options, async () => {
      checkBytes('key', key);
      const { limit = this.#settings.replication, order = 'stored', copy = false } = options;
      if (!(limit >= 0)) throw new TypeError('limit must be a number >= 0');
      const own = order === 'closest' ? copyBytes(key) : key;
      const stored = await this.#engine.providersOf(key, options.signal);
      const now = this.#settings.clock.now();
      const live = stored.filter(({ expires }) => expires > now);
      return orderProviders(own, live, order, this.#settings)
        .slice(0, limit)
        .map((provider) => providerRecord(provider, copy));
    });
  }

  async *provided(options: ReadOptions = {}): AsyncIterable<ProviderRecord> {
    this.#checkOpen(options.signal);
    for await (const stored of this.#engine.scanProvided(options.signal)) {
      this.#checkOpen(options.signal);
      if (stored.expires > this.#settings.clock.now()) yield providerRecord(stored, options.copy === true);
    }
  }

  due(before: number, options: DueOptions = {}): AsyncIterable<RepublishItem> {
    return dueItems(before, options, { engine: this.#engine, schedule: this.#schedule, clock: this.#settings.clock, checkOpen: () => this.#checkOpen(options.signal) });
  }

  sweep(options: SweepOptions = {}): Promise<SweepResult> {
    return this.#run(options, async () => {
      const { budget = Number.POSITIVE_INFINITY, signal } = options;
      if (!(budget > 0)) throw new TypeError('budget must be a number > 0');
      const swept = await sweepChunks(this.#engine, this.#settings, budget, this.#pause, signal);
      this.#counters.swept += swept.records + swept.providers;
      this.#emitter.emit({ type: 'swept', records: swept.records, providers: swept.providers, bytes: swept.bytes });
      return swept;
    });
  }

  stats(): Promise<StoreStats> {
    return this.#run(undefined, async () => {
      const { local, remote, origins } = await this.#engine.usage();
      const { puts, rejected, gets, evicted, swept } = this.#counters;
      return { local: { ...local }, remote: { ...remote }, origins, puts: { ...puts }, rejected: { ...rejected }, gets: { ...gets }, evicted: { ...evicted }, swept };
    });
  }

  on<K extends StoreEventType>(type: K, listener: (event: StoreEvents[K]) => void, options?: { signal?: AbortSignal | undefined }): Disposable {
    return this.#emitter.on(type, listener, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#pending);
    await this.#engine.close();
  }

  async *#records(options: RecordsOptions & { limit: number }): AsyncIterable<ValueRecord> {
    const { prefix, after, limit, signal, copy = false, includeExpired = false } = options;
    const { clock } = this.#settings;
    this.#checkOpen(signal);
    let left = limit;
    if (left < 1) return;
    for await (const stored of this.#engine.scanValues({ prefix, after, limit, now: includeExpired ? Number.NEGATIVE_INFINITY : clock.now(), signal })) {
      this.#checkOpen(signal);
      if (!includeExpired && stored.expires <= clock.now()) continue;
      yield valueRecord(stored, copy);
      left -= 1;
      if (left < 1) return;
    }
    // An engine that was closed meanwhile may just have run out of records.
    this.#checkOpen(signal);
  }

  async #putSlowly(record: ValueRecord, validator: Validator, options: PutOptions | undefined): Promise<PutResult> {
    const verdict = await validator.validate(record, this.#settings.clock.now());
    // Validation may have taken its time.
    options?.signal?.throwIfAborted();
    return await this.#putValid(record, verdict, options, this.#settings.clock.now());
  }

  #putValid(record: ValueRecord, verdict: Verdict, options: PutOptions | undefined, now: number): Soon<PutResult> {
    const refusal = judged(verdict);
    const origin = options?.origin;
    if (typeof refusal === 'string') return this.#result(refusal, record.key, undefined, origin);
    const admission = this.#engine.putValue(valueCandidate(record, refusal, options, this.#settings, now), now, options?.signal);
    return admission instanceof Promise ? admission.then((settled) => this.#result(settled, record.key, undefined, origin)) : this.#result(admission, record.key, undefined, origin);
  }

  #result(admission: Admission, key: Uint8Array, provider: Uint8Array | undefined, origin: string | undefined): PutResult {
    if (this.#counters.admitted(admission)) return TAKEN[admission as 'inserted' | 'updated' | 'refreshed'];
    const reason = admission as RejectReason;
    if (this.#emitter.has('rejected')) this.#emitter.emit({ type: 'rejected', key, provider, origin, reason });
    return { outcome: 'rejected', reason };
  }

  #seen(stored: StoredValue | undefined, copy: boolean): ValueRecord | undefined {
    if (stored === undefined || stored.expires <= this.#settings.clock.now()) {
      this.#counters.gets.miss += 1;
      return undefined;
    }
    this.#counters.gets.hit += 1;
    return valueRecord(stored, copy);
  }

  /** Turns what is thrown into a rejection, and keeps in mind what `close` waits for. Engines in memory pay for neither. */
  #run<T>(options: WaitOptions | undefined, work: () => Soon<T>): Promise<T> {
    try {
      this.#checkOpen(options?.signal);
      const result = work();
      if (!(result instanceof Promise)) return Promise.resolve(result);
      const settled = (): void => void this.#pending.delete(result);
      this.#pending.add(result);
      result.then(settled, settled);
      return result;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #checkOpen(signal: AbortSignal | undefined): void {
    if (this.#closing !== undefined) throw new RecordStoreError('RECORD_STORE_CLOSED', 'this record store was closed: open another one.');
    signal?.throwIfAborted();
  }
}

/** One object each for all puts: a million a second are worth it. */
const TAKEN = { inserted: Object.freeze({ outcome: 'inserted' }), updated: Object.freeze({ outcome: 'updated' }), refreshed: Object.freeze({ outcome: 'refreshed' }) } as const;

function ownRank(judgement: RejectReason | Uint8Array | undefined): RejectReason | Uint8Array | undefined {
  return judgement instanceof Uint8Array ? copyBytes(judgement) : judgement;
}

/** A refusal, or the rank of what is valid. */
function judged(verdict: Verdict): RejectReason | Uint8Array | undefined {
  if (!verdict.valid) return verdict.reason;
  if (verdict.rank !== undefined && verdict.rank.length > MAX_RANK_BYTES) throw new TypeError(`a rank is at most ${MAX_RANK_BYTES} bytes`);
  return verdict.rank;
}

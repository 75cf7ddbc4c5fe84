import type { PutResult, StoreCapabilities, ValueRecord, ValueRecordStore, WaitOptions } from '@p2p/record-store';
import type { Clock } from '../../src/env.ts';

type Method = 'get' | 'putMany' | 'remove' | 'records';

/** A record store in memory whose calls take virtual time and fail when told to. */
export class MemoryRecords implements ValueRecordStore {
  capabilities: StoreCapabilities = { durable: 'power-loss', atomic: false, shared: false };
  /** What has become durable, by hex key. */
  readonly held: Map<string, ValueRecord> = new Map<string, ValueRecord>();
  readonly calls: { method: Method; size: number }[] = [];
  /** Calls of these fail, after their latency. */
  readonly failing: Set<Method> = new Set<Method>();
  /** Answers for records instead of storing them. */
  refuse: ((record: ValueRecord) => PutResult | undefined) | undefined = undefined;
  /** Records whose bytes the store cannot read, by hex key: scans go on without them. */
  readonly corrupt: Set<string> = new Set<string>();
  latencyMs = 0;
  /** Calls never settle, whatever their signal says. */
  hanging = false;
  /** Records that `records` yields before it fails, when it is failing. */
  readsBeforeFailure = 0;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: Uint8Array): Promise<ValueRecord | undefined> {
    await this.#call('get', 1);
    this.#assertIntact(key);
    return this.held.get(hex(key));
  }

  async put(record: ValueRecord): Promise<PutResult> {
    return (await this.putMany([record]))[0]!;
  }

  async putMany(records: readonly ValueRecord[], options?: WaitOptions): Promise<PutResult[]> {
    // Taken at the call: what is changed afterwards by mistake would show as another value.
    const taken = structuredClone([...records]);
    await this.#call('putMany', records.length);
    options?.signal?.throwIfAborted();
    return taken.map((record) => {
      const refusal = this.refuse?.(record);
      if (refusal !== undefined) return refusal;
      const outcome = this.held.has(hex(record.key)) ? 'updated' : 'inserted';
      this.held.set(hex(record.key), record);
      this.corrupt.delete(hex(record.key));
      return { outcome };
    });
  }

  async remove(key: Uint8Array): Promise<boolean> {
    await this.#call('remove', 1);
    this.#assertIntact(key);
    return this.held.delete(hex(key));
  }

  async *records(options: { after?: Uint8Array; signal?: AbortSignal } = {}): AsyncGenerator<ValueRecord, void, undefined> {
    let read = 0;
    for (const key of [...this.held.keys()].sort()) {
      if (options.after !== undefined && key <= hex(options.after)) continue;
      if (this.corrupt.has(key)) continue;
      if (this.failing.has('records') && read++ >= this.readsBeforeFailure) break;
      yield this.held.get(key)!;
    }
    await this.#call('records', read);
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertIntact(key: Uint8Array): void {
    if (this.corrupt.has(hex(key))) throw Object.assign(new Error('a stored row is damaged'), { code: 'RECORD_STORE_CORRUPT' });
  }

  async #call(method: Method, size: number): Promise<void> {
    this.calls.push({ method, size });
    if (this.hanging) await new Promise<never>(() => undefined);
    if (this.latencyMs > 0) {
      await new Promise<void>((resolve) => {
        this.#clock.setTimer(this.latencyMs, resolve);
      });
    }
    if (this.failing.has(method)) throw new Error(`${method} fails as told`);
  }
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

import type { RecordStoreOptions } from '../options.ts';
import type { RecordStore } from '../record-store.ts';
import type { ProviderRecord, PutResult, ValueRecord } from '../types.ts';
import { acceptAny } from '../validators/validator.ts';
import { equal } from './assertions.ts';
import type { ConformanceFeature, ConformanceHarness } from './harness.ts';
import { Seeded } from './seeded.ts';

/** Time that cases move by hand. */
export class CaseClock {
  /** Unix ms. */
  nowMs = 1_800_000_000_000;

  now(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }
}

/** What a case works with. Everything that it opens is closed at its end. */
export class CaseContext {
  readonly clock: CaseClock = new CaseClock();
  readonly random: Seeded;
  readonly localId: Uint8Array = id(0xff);
  readonly harness: ConformanceHarness;
  readonly #opened: RecordStore[] = [];

  constructor(harness: ConformanceHarness, seed: number) {
    this.harness = harness;
    this.random = new Seeded(seed);
  }

  options(overrides: Partial<RecordStoreOptions> = {}): RecordStoreOptions {
    return { localId: this.localId, validators: { default: acceptAny() }, clock: this.clock, random: this.random, ...overrides };
  }

  async open(overrides: Partial<RecordStoreOptions> = {}): Promise<RecordStore> {
    return this.keep(await this.harness.open(this.options(overrides)));
  }

  keep(store: RecordStore): RecordStore {
    this.#opened.push(store);
    equal(store.capabilities, this.harness.capabilities, 'the store declares other capabilities than the harness');
    return store;
  }

  async closeAll(): Promise<void> {
    for (const store of this.#opened) await store.close();
  }
}

/** One case of the suite. */
export interface Case {
  readonly name: string;
  readonly needs: readonly ConformanceFeature[];
  readonly run: (context: CaseContext) => Promise<void>;
}

/** 32 bytes that a number makes; different numbers, different bytes. */
export function id(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, Math.imul(number + 1, 0x9e37_79b1));
  new DataView(bytes.buffer).setUint32(28, number);
  return bytes;
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export function value(key: Uint8Array | string, content: Uint8Array | string = 'value', more: Partial<ValueRecord> = {}): ValueRecord {
  return { key: typeof key === 'string' ? text(key) : key, value: typeof content === 'string' ? text(content) : content, ...more };
}

export function provider(key: Uint8Array | string, number: number, more: Partial<ProviderRecord> = {}): ProviderRecord {
  return { key: typeof key === 'string' ? text(key) : key, provider: id(number), addresses: [`198.51.${number % 256}.1:4001`], ...more };
}

export const INSERTED: PutResult = { outcome: 'inserted' };
export const UPDATED: PutResult = { outcome: 'updated' };
export const REFRESHED: PutResult = { outcome: 'refreshed' };

export function rejected(reason: Extract<PutResult, { reason: unknown }>['reason']): PutResult {
  return { outcome: 'rejected', reason };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The ids of the providers, as numbers of `id`. */
export function numbers(providers: readonly ProviderRecord[]): number[] {
  return providers.map((record) => new DataView(record.provider.buffer, record.provider.byteOffset).getUint32(28));
}

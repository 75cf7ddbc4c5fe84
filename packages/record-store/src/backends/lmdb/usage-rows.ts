import type { Owner } from '../../core/stored.ts';
import { emptyPool, NO_ORIGIN_USAGE, type OriginUsage, type PoolUsage } from '../../core/usage.ts';
import { isSealed, originHash, ROW, rowKey, seal } from './rows.ts';

const USAGE_KEY: Uint8Array = rowKey(ROW.meta, Buffer.from('usage'));
const POOL_FIELDS = ['records', 'bytes', 'providedKeys', 'providers'] as const;
const ORIGIN_FIELDS = ['records', 'bytes', 'providers'] as const;

interface CountedOrigin extends OriginUsage {
  readonly hash: Uint8Array;
}

/** What is stored, counted in memory and written with every change that it counts. */
export class LmdbUsage {
  readonly local: PoolUsage = emptyPool();
  readonly remote: PoolUsage = emptyPool();
  readonly #origins = new Map<string, CountedOrigin>();
  /** Origins whose rows are to be written. */
  readonly #changed = new Map<string, Uint8Array>();

  get origins(): number {
    return this.#origins.size;
  }

  pool(owner: Pick<Owner, 'local'>): PoolUsage {
    return owner.local ? this.local : this.remote;
  }

  origin(origin: string | undefined): OriginUsage {
    return (origin === undefined ? undefined : this.#origins.get(origin)) ?? NO_ORIGIN_USAGE;
  }

  hashOf(origin: string): Uint8Array {
    return this.#origins.get(origin)?.hash ?? originHash(origin);
  }

  /** `sign` 1 for an entry that came, -1 for one that went. */
  count(kind: 'value' | 'provider', owner: Owner, bytes: number, sign: 1 | -1): void {
    const field = kind === 'value' ? 'records' : 'providers';
    const pool = this.pool(owner);
    pool.bytes += sign * bytes;
    pool[field] += sign;
    if (owner.origin === undefined) return;
    let origin = this.#origins.get(owner.origin);
    if (origin === undefined) this.#origins.set(owner.origin, (origin = { records: 0, bytes: 0, providers: 0, hash: originHash(owner.origin) }));
    origin.bytes += sign * bytes;
    origin[field] += sign;
    this.#changed.set(owner.origin, origin.hash);
    if (origin.records === 0 && origin.providers === 0) this.#origins.delete(owner.origin);
  }

  /** The rows that bring the file up to date; a value of undefined removes the row. */
  *rows(): Generator<readonly [key: Uint8Array, value: Uint8Array | undefined], void, undefined> {
    const numbers = [this.local, this.remote].flatMap((pool) => POOL_FIELDS.map((field) => pool[field]));
    yield [USAGE_KEY, encode(USAGE_KEY, numbers, '')];
    for (const [name, hash] of this.#changed) {
      const key = rowKey(ROW.originUsage, hash);
      const origin = this.#origins.get(name);
      yield [key, origin === undefined ? undefined : encode(key, ORIGIN_FIELDS.map((field) => origin[field]), name)];
    }
    this.#changed.clear();
  }

  /** Takes over what the rows say. False when they do not say it. */
  load(row: Buffer | undefined, originRows: Iterable<{ key: Uint8Array; value: Buffer }>): boolean {
    this.#origins.clear();
    this.#changed.clear();
    for (const pool of [this.local, this.remote]) Object.assign(pool, emptyPool());
    if (row === undefined) return false;
    const counted = decode(USAGE_KEY, row, 2 * POOL_FIELDS.length);
    if (counted === undefined) return false;
    for (const [at, field] of POOL_FIELDS.entries()) {
      this.local[field] = counted.numbers[at]!;
      this.remote[field] = counted.numbers[POOL_FIELDS.length + at]!;
    }
    for (const { key, value } of originRows) {
      const origin = decode(key, value, ORIGIN_FIELDS.length);
      if (origin === undefined) return false;
      const [records = 0, bytes = 0, providers = 0] = origin.numbers;
      this.#origins.set(origin.name, { records, bytes, providers, hash: Uint8Array.from(key.subarray(1)) });
    }
    return true;
  }
}

/** Where `load` finds its first row. */
export function usageKey(): Uint8Array {
  return USAGE_KEY;
}

function encode(key: Uint8Array, numbers: readonly number[], name: string): Uint8Array {
  const text = Buffer.from(name, 'utf8');
  const row = Buffer.alloc(4 + 8 * numbers.length + text.length);
  for (const [at, number] of numbers.entries()) row.writeDoubleLE(number, 4 + 8 * at);
  row.set(text, 4 + 8 * numbers.length);
  seal(key, row);
  return row;
}

function decode(key: Uint8Array, row: Buffer, count: number): { numbers: number[]; name: string } | undefined {
  if (row.length < 4 + 8 * count || !isSealed(key, row)) return undefined;
  const numbers = Array.from({ length: count }, (_, at) => row.readDoubleLE(4 + 8 * at));
  return { numbers, name: row.toString('utf8', 4 + 8 * count) };
}

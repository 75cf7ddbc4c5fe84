import type { Owner, StoredProvider, StoredValue } from '../../core/stored.ts';
import { emptyPool, NO_ORIGIN_USAGE, type OriginUsage, type PoolUsage } from '../../core/usage.ts';
import type { Row, Snapshot } from './environment.ts';
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
    // Bytes without entries are what is left of a guess, until everything is counted.
    if (origin.records === 0 && origin.providers === 0 && origin.bytes === 0) this.#origins.delete(owner.origin);
  }

  /** Counts a value record that a row holds. */
  countValue(stored: StoredValue): void {
    this.count('value', stored, stored.bytes, 1);
  }

  /** Counts all providers of a key. */
  countProviders(providers: readonly StoredProvider[]): void {
    for (const stored of providers) this.count('provider', stored, stored.bytes, 1);
    for (const local of [true, false]) if (providers.some((stored) => stored.local === local)) this.pool({ local }).providedKeys += 1;
  }

  /** Takes off what a row of `bytes` that cannot be read most likely counted for. Only counting anew tells. */
  discount(kind: 'value' | 'provider', bytes: number): void {
    const field = kind === 'value' ? 'records' : 'providers';
    const pool = this.remote[field] > 0 ? this.remote : this.local;
    const less = (of: (typeof POOL_FIELDS)[number], by: number): void => void (pool[of] = Math.max(0, pool[of] - by));
    less(field, 1);
    less('bytes', bytes);
    if (kind === 'provider') less('providedKeys', 1);
  }

  /** Takes over by how much `found`, which was counted anew, differs from what was `said` at that time. */
  correct(said: LmdbUsage, found: LmdbUsage): void {
    for (const [mine, before, after] of [[this.local, said.local, found.local], [this.remote, said.remote, found.remote]] as const) {
      for (const field of POOL_FIELDS) mine[field] += after[field] - before[field];
    }
    for (const name of new Set([...said.#origins.keys(), ...found.#origins.keys()])) {
      const before = said.origin(name);
      const after = found.origin(name);
      const origin = this.#origins.get(name) ?? { records: 0, bytes: 0, providers: 0, hash: originHash(name) };
      for (const field of ORIGIN_FIELDS) origin[field] += after[field] - before[field];
      this.#changed.set(name, origin.hash);
      if (origin.records === 0 && origin.providers === 0 && origin.bytes === 0) this.#origins.delete(name);
      else this.#origins.set(name, origin);
    }
  }

  /** Whether both count the same. */
  equals(other: LmdbUsage): boolean {
    const same = <F extends string>(fields: readonly F[], one: Readonly<Record<F, number>>, another: Readonly<Record<F, number>>): boolean => fields.every((field) => one[field] === another[field]);
    const names = new Set([...this.#origins.keys(), ...other.#origins.keys()]);
    return same(POOL_FIELDS, this.local, other.local) && same(POOL_FIELDS, this.remote, other.remote) && [...names].every((name) => same(ORIGIN_FIELDS, this.origin(name), other.origin(name)));
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

  /** Takes over what the rows say, those of origins too, and nothing for those that cannot be read. False when there is one, or none for the whole. */
  load(rows: Iterable<Row>): boolean {
    this.#origins.clear();
    this.#changed.clear();
    for (const pool of [this.local, this.remote]) Object.assign(pool, emptyPool());
    let counted = false;
    let whole = true;
    for (const { key, value } of rows) {
      const isHead = key.equals(USAGE_KEY);
      if (!isHead && key[0] !== ROW.originUsage) continue;
      const said = decode(key, value, isHead ? 2 * POOL_FIELDS.length : ORIGIN_FIELDS.length);
      if (said === undefined) whole = false;
      else if (isHead) {
        counted = true;
        for (const [at, field] of POOL_FIELDS.entries()) {
          this.local[field] = said.numbers[at]!;
          this.remote[field] = said.numbers[POOL_FIELDS.length + at]!;
        }
      } else {
        const [records = 0, bytes = 0, providers = 0] = said.numbers;
        this.#origins.set(said.name, { records, bytes, providers, hash: Uint8Array.from(key.subarray(1)) });
      }
    }
    return whole && counted;
  }
}

/** Whether a row is one that says what an origin has, and cannot be read. */
export function isUnreadableOrigin({ key, value }: Row): boolean {
  return key[0] === ROW.originUsage && decode(key, value, ORIGIN_FIELDS.length) === undefined;
}

/** The rows that `load` looks for, and some others. */
export function usageRows(snapshot: Snapshot): Row[] {
  return [ROW.meta, ROW.originUsage].flatMap((kind) => snapshot.range({ start: Uint8Array.of(kind), end: Uint8Array.of(kind + 1) }));
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

import type { StoreEmitter, StoreEvents } from '../events.ts';
import type { PoolCaps } from '../limits.ts';
import type { PoolUsage } from './usage.ts';

const HIGH = 0.9;
const CALM = 0.8;

type Resource = StoreEvents['capacity-high']['resource'];

/** Says once when a limit comes near, and again only after it was far. */
export class CapacityAlarm {
  readonly #caps: PoolCaps;
  readonly #emitter: StoreEmitter;
  readonly #high = new Set<Resource>();

  constructor(caps: PoolCaps, emitter: StoreEmitter) {
    this.#caps = caps;
    this.#emitter = emitter;
  }

  check(usage: Readonly<PoolUsage>): void {
    this.#check('records', usage.records, this.#caps.records);
    this.#check('bytes', usage.bytes, this.#caps.bytes);
    this.#check('provided-keys', usage.providedKeys, this.#caps.providedKeys);
  }

  #check(resource: Resource, used: number, limit: number): void {
    if (used > HIGH * limit) {
      if (this.#high.has(resource)) return;
      this.#high.add(resource);
      this.#emitter.emit({ type: 'capacity-high', resource, used, limit });
    } else if (used < CALM * limit) this.#high.delete(resource);
  }
}

import type { Dat, Entry } from '@p2p/dave-wire';
import { shortName } from './dat-bytes.ts';

/** Entries that failed to become durable and are remembered. */
const MAX_FAILED = 65_536;

/** Knows which stored dats are not durable yet, so that nobody is told otherwise. */
export class PersistGuard {
  readonly #persist: (entry: Entry) => Promise<void>;
  readonly #underway = new Map<bigint, Promise<void>>();
  readonly #failed = new Set<bigint>();
  /** More have failed than could be remembered: any dat may be one of them, and is written again before it is vouched for. */
  #lostCount = false;

  constructor(persist: (entry: Entry) => Promise<void>) {
    this.#persist = persist;
  }

  /** Resolves when the entry is durable, rejects when it could not be made so. */
  persist(entry: Entry): Promise<void> {
    const name = shortName(entry.dat);
    this.#failed.delete(name);
    const work = this.#run(name, entry);
    this.#underway.set(name, work);
    return work;
  }

  async #run(name: bigint, entry: Entry): Promise<void> {
    try {
      await this.#persist(entry);
    } catch (error) {
      this.#remember(name);
      throw error;
    } finally {
      this.#underway.delete(name);
    }
  }

  /**
   * For a dat that is in memory already: resolves when it is durable; what failed before is tried
   * again with what `stored` returns. Undefined when there is nothing to wait for.
   */
  settled(dat: Dat, stored: () => Entry | undefined): Promise<void> | undefined {
    if (this.#underway.size === 0 && this.#failed.size === 0 && !this.#lostCount) return undefined;
    const name = shortName(dat);
    const underway = this.#underway.get(name);
    if (underway !== undefined) return underway;
    const entry = this.#lostCount || this.#failed.has(name) ? stored() : undefined;
    return entry === undefined ? undefined : this.persist(entry);
  }

  #remember(name: bigint): void {
    if (this.#failed.size < MAX_FAILED) this.#failed.add(name);
    else this.#lostCount = true;
  }
}

import type { Dat, Entry } from '@p2p/dave-wire';
import { detachEntry } from './dat-bytes.ts';

/** Entries that failed to become durable and are remembered, so that a repeated PUT tries again. */
const MAX_FAILED = 1024;

/** Knows which stored dats are not durable yet, so that nobody is told otherwise. */
export class PersistGuard {
  readonly #persist: (entry: Entry) => Promise<void>;
  readonly #underway = new Map<bigint, Promise<void>>();
  readonly #failed = new Map<bigint, Entry>();

  constructor(persist: (entry: Entry) => Promise<void>) {
    this.#persist = persist;
  }

  /** Resolves when the entry is durable, rejects when it could not be made so. */
  persist(entry: Entry): Promise<void> {
    const name = nameOf(entry.dat);
    this.#failed.delete(name);
    const work = this.#run(name, entry);
    this.#underway.set(name, work);
    return work;
  }

  async #run(name: bigint, entry: Entry): Promise<void> {
    try {
      await this.#persist(entry);
    } catch (error) {
      this.#remember(name, entry);
      throw error;
    } finally {
      this.#underway.delete(name);
    }
  }

  /** For a dat that is in memory already: resolves when it is durable; what failed before is tried again. */
  settled(dat: Dat): Promise<void> | undefined {
    if (this.#underway.size === 0 && this.#failed.size === 0) return undefined;
    const name = nameOf(dat);
    const failed = this.#failed.get(name);
    return failed === undefined ? this.#underway.get(name) : this.persist(failed);
  }

  #remember(name: bigint, entry: Entry): void {
    if (this.#failed.size >= MAX_FAILED) {
      const oldest = this.#failed.keys().next().value;
      if (oldest !== undefined) this.#failed.delete(oldest);
    }
    this.#failed.set(name, detachEntry(entry));
  }
}

/** The first eight bytes of a signature tell apart what is underway at one time. */
function nameOf(dat: Dat): bigint {
  const { signature } = dat;
  return new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
}

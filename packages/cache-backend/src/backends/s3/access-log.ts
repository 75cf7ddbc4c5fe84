import { inParallel } from '../remote/in-parallel.ts';
import type { Bucket } from './bucket.ts';

const UNDER = 'access/';
const NAME = /^access\/([0-9a-f]{64})\/([0-9]{16})$/;
const FLUSH_MS = 500;
const PARALLEL = 16;
const NOTHING = new Uint8Array(0);

/** Last accesses, as names of empty objects, so that one listing tells them all. Written some time after the access. */
export class AccessLog {
  readonly #bucket: Bucket;
  readonly #nowMs: () => number;
  readonly #onBackground: (error: unknown) => void;
  readonly #pending = new Map<string, number>();
  readonly #written = new Map<string, number>();
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(bucket: Bucket, nowMs: () => number, onBackground: (error: unknown) => void) {
    this.#bucket = bucket;
    this.#nowMs = nowMs;
    this.#onBackground = onBackground;
  }

  /** Notes an access; its time in µs, each larger than the one before. */
  touch(hash: string): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#nowMs() * 1000));
    this.#pending.set(hash, this.#last);
    this.#timer ??= setTimeout(() => void this.flush().catch(this.#onBackground), FLUSH_MS).unref();
    return this.#last;
  }

  /** Since then, by this instance. */
  isLater(hash: string, thanUs: number): boolean {
    return (this.#pending.get(hash) ?? this.#written.get(hash) ?? 0) > thanUs;
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // One at a time: an earlier access must not be written over a later one.
    const work = this.#flushing.catch(() => undefined).then(() => this.#write());
    this.#flushing = work;
    await work;
  }

  async #write(): Promise<void> {
    await inParallel(Array.from(this.#pending), PARALLEL, async ([hash, us]) => {
      await this.#bucket.put(nameOf(hash, us), NOTHING);
      if (this.#pending.get(hash) === us) this.#pending.delete(hash);
      const before = this.#written.get(hash);
      this.#written.set(hash, us);
      if (before !== undefined && before !== us) await this.#bucket.remove(nameOf(hash, before));
    });
  }

  /** Last accesses by all instances, and the names of earlier ones. */
  async read(): Promise<{ last: Map<string, number>; outdated: string[] }> {
    const last = new Map<string, number>();
    const outdated: string[] = [];
    for await (const { name } of this.#bucket.list(UNDER)) {
      const [, hash, digits] = NAME.exec(name) ?? [];
      if (hash === undefined) continue;
      const us = Number(digits);
      const before = last.get(hash);
      if (before !== undefined) outdated.push(nameOf(hash, Math.min(before, us)));
      last.set(hash, Math.max(before ?? 0, us));
    }
    return { last, outdated };
  }

  /** Removes what outlived its entry, and earlier accesses. */
  async sweep(isKnown: (hash: string) => boolean): Promise<void> {
    const { last, outdated } = await this.read();
    for (const [hash, us] of last) if (!isKnown(hash) && !this.#pending.has(hash)) outdated.push(nameOf(hash, us));
    await inParallel(outdated, PARALLEL, (name) => this.#bucket.remove(name));
  }
}

function nameOf(hash: string, us: number): string {
  return `${UNDER}${hash}/${String(us).padStart(16, '0')}`;
}

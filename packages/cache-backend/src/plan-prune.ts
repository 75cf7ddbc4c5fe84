import type { EvictionReason, PruneOptions, SkipReason } from './types.ts';

/** What a prune needs to know of an entry. */
export interface PruneCandidate {
  readonly id: string;
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
  /** Ever larger with later access; its unit does not matter, but for `maxAgeMs` it is microseconds. */
  readonly accessedUs: number;
  readonly expiresAtMs: number | undefined;
  readonly tags: readonly string[] | undefined;
  readonly isPinned: boolean;
}

/** A walk over entries, least recently accessed first, that says of each whether it must go. */
export class PrunePlan {
  readonly order: readonly PruneCandidate[];
  #entries: number;
  #bytes: number;
  #freeBytes: number;
  readonly #options: PruneOptions;
  readonly #nowMs: number;
  readonly #targetEntries: number;
  readonly #targetBytes: number;

  /** @param freeBytes Free on the file system now. */
  constructor(candidates: readonly PruneCandidate[], options: PruneOptions, nowMs: number, freeBytes: number) {
    // By id where accesses are as late, so that the order is always the same.
    this.order = candidates.slice().sort((a, b) => a.accessedUs - b.accessedUs || (a.id < b.id ? -1 : 1));
    this.#options = options;
    this.#nowMs = nowMs;
    this.#entries = candidates.length;
    this.#bytes = candidates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#freeBytes = freeBytes;
    const low = options.lowWatermark ?? 1;
    const { maxEntries = Infinity, maxBytes = Infinity } = options;
    this.#targetEntries = this.#entries > maxEntries ? Math.floor(maxEntries * low) : maxEntries;
    this.#targetBytes = this.#bytes > maxBytes ? Math.floor(maxBytes * low) : maxBytes;
  }

  /** Why the entry must go now, or undefined when it may stay. */
  reasonFor(candidate: PruneCandidate): EvictionReason | undefined {
    const { maxAgeMs, minFreeBytes } = this.#options;
    if (candidate.expiresAtMs !== undefined && candidate.expiresAtMs <= this.#nowMs) return 'expired';
    if (maxAgeMs !== undefined && candidate.accessedUs < (this.#nowMs - maxAgeMs) * 1000) return 'max-age';
    if (this.#entries > this.#targetEntries) return 'max-entries';
    if (this.#bytes > this.#targetBytes) return 'max-bytes';
    if (minFreeBytes !== undefined && this.#freeBytes < minFreeBytes) return 'min-free';
    return undefined;
  }

  /** Why an entry that must go may not. */
  protection(candidate: PruneCandidate): SkipReason | undefined {
    if (candidate.isPinned) return 'pinned';
    const keep = this.#options.keepTags ?? [];
    return candidate.tags?.some((tag) => keep.includes(tag)) === true ? 'tagged' : undefined;
  }

  /** Counts an entry as gone. */
  evicted(candidate: PruneCandidate): void {
    this.#entries--;
    this.#bytes -= candidate.sizeBytes;
    this.#freeBytes += candidate.allocatedBytes;
  }

  get limitsHold(): boolean {
    const { maxEntries = Infinity, maxBytes = Infinity, minFreeBytes = 0 } = this.#options;
    return this.#entries <= maxEntries && this.#bytes <= maxBytes && this.#freeBytes >= minFreeBytes;
  }
}

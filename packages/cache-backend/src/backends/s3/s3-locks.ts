import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Bucket } from './bucket.ts';

const MAX_BYTES = 1024;
const POLL_MS = 50;
const schema = z.object({ held: z.boolean(), epoch: z.int().check(z.minimum(0)), nonce: z.string().check(z.maxLength(64)) });

interface LockState {
  readonly held: boolean;
  readonly epoch: number;
  readonly etag: string | undefined;
}

/** What a lock's object says. One that makes no sense counts as held by somebody unknown: it is taken over like a dead holder's. */
export function parseLock(text: string): { held: boolean; epoch: number } {
  try {
    const result = z.safeParse(schema, JSON.parse(text));
    if (result.success) return result.data;
  } catch {
    // Not JSON.
  }
  return { held: true, epoch: 0 };
}

/**
 * Locks as objects that are only ever replaced on condition. Nobody's clock is trusted: a holder writes anew three times
 * within `lockMs`, and who has seen the same version for that long, by his own clock, takes the lock over.
 */
export class S3Locks {
  readonly #bucket: Bucket;
  readonly #lockMs: number;
  readonly #canRemoveIf: boolean;
  readonly #seen = new Map<string, { etag: string; sinceMs: number }>();
  readonly #held = new Set<HeldLock>();

  constructor(bucket: Bucket, lockMs: number, canRemoveIf: boolean) {
    this.#bucket = bucket;
    this.#lockMs = lockMs;
    this.#canRemoveIf = canRemoveIf;
  }

  /** Takes a lock that is free or whose holder is dead. */
  async tryTake(name: string, keepsEpoch = false): Promise<HeldLock | undefined> {
    const state = await this.#read(name);
    if (state.held && !this.#isStale(name, state.etag)) return undefined;
    const from = performance.now();
    const epoch = state.epoch + 1;
    const etag = await this.#bucket.putIf(name, lockText(true, epoch), state.etag);
    if (etag === undefined) return undefined;
    this.#seen.delete(name);
    const lock = new HeldLock(this.#bucket, name, epoch, etag, from, this.#lockMs, this.#canRemoveIf && !keepsEpoch, () => void this.#held.delete(lock));
    this.#held.add(lock);
    return lock;
  }

  /** How often a lock was taken, once nobody holds it. */
  async epoch(name: string, signal?: AbortSignal): Promise<string> {
    for (;;) {
      const state = await this.#read(name);
      if (!state.held) return String(state.epoch);
      if (this.#isStale(name, state.etag)) await this.#bucket.putIf(name, lockText(false, state.epoch + 1), state.etag);
      else await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  async close(): Promise<void> {
    for (const lock of Array.from(this.#held)) await lock.release();
  }

  async #read(name: string): Promise<LockState> {
    const object = await this.#bucket.get(name, MAX_BYTES);
    return object === undefined ? { held: false, epoch: 0, etag: undefined } : { ...parseLock(object.text), etag: object.etag };
  }

  #isStale(name: string, etag: string | undefined): boolean {
    const seen = this.#seen.get(name);
    if (etag === undefined) return false;
    if (seen?.etag === etag) return performance.now() - seen.sinceMs >= this.#lockMs;
    this.#seen.set(name, { etag, sinceMs: performance.now() });
    return false;
  }
}

/** A lock that this process holds, as far as it knows. */
export class HeldLock {
  readonly #bucket: Bucket;
  readonly #name: string;
  readonly #epoch: number;
  readonly #lockMs: number;
  readonly #isRemoved: boolean;
  readonly #onEnd: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #etag: string | undefined;
  #sinceMs: number;
  #working: Promise<void> = Promise.resolve();

  constructor(bucket: Bucket, name: string, epoch: number, etag: string, sinceMs: number, lockMs: number, isRemoved: boolean, onEnd: () => void) {
    this.#bucket = bucket;
    this.#name = name;
    this.#epoch = epoch;
    this.#etag = etag;
    this.#sinceMs = sinceMs;
    this.#lockMs = lockMs;
    this.#isRemoved = isRemoved;
    this.#onEnd = onEnd;
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(() => this.#renew());
    }, lockMs / 3);
    this.#timer.unref();
  }

  /** False once somebody else may have it. Errs on the safe side. */
  isMine(): boolean {
    return this.#etag !== undefined && performance.now() - this.#sinceMs < (this.#lockMs * 2) / 3;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#onEnd();
    await this.#working;
    const etag = this.#etag;
    this.#etag = undefined;
    if (etag === undefined) return;
    const free = await this.#bucket.putIf(this.#name, lockText(false, this.#epoch), etag);
    if (free !== undefined && this.#isRemoved) await this.#bucket.removeIf(this.#name, free);
  }

  async #renew(): Promise<void> {
    if (this.#etag === undefined) return;
    const from = performance.now();
    try {
      this.#etag = await this.#bucket.putIf(this.#name, lockText(true, this.#epoch), this.#etag);
      this.#sinceMs = from;
    } catch {
      // The store is away: `isMine` becomes false unless a later one succeeds.
    }
  }
}

function lockText(held: boolean, epoch: number): string {
  return JSON.stringify({ held, epoch, nonce: randomBytes(12).toString('hex') });
}

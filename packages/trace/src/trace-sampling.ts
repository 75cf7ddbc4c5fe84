import type { TraceClock } from '@p2p/trace-noop';
import { CONTEXT_FLAGS, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import type { LiveContext } from './live-context.ts';
import type { LogCore } from './log-core.ts';

/** Decisions that are remembered: so many about a thread's own traces, and so many about strangers'. */
export const REMEMBERED_DECISIONS = 2048;

/** 16 bytes of id as 8 characters, a copy that holds on to nothing else. */
function keyOf({ t0, t1, t2, t3 }: LiveContext): string {
  return String.fromCharCode(t0 & 0xffff, t0 >>> 16, t1 & 0xffff, t1 >>> 16, t2 & 0xffff, t2 >>> 16, t3 & 0xffff, t3 >>> 16);
}

/**
 * The last decisions, exactly so many, oldest first. A `Map` because nothing shorter forgets none of them: in a table of
 * sets ids that share one push each other out, by chance or because somebody chose them.
 */
class Decisions {
  readonly #byTrace = new Map<string, boolean>();

  get(key: string): boolean | undefined {
    return this.#byTrace.get(key);
  }

  add(key: string, sampled: boolean): void {
    this.#byTrace.set(key, sampled);
    if (this.#byTrace.size <= REMEMBERED_DECISIONS) return;
    for (const oldest of this.#byTrace.keys()) {
      this.#byTrace.delete(oldest);
      return;
    }
  }
}

/**
 * Decides once per trace whether it is recorded when it comes from a remote peer: the log's own traces as when they began,
 * those of strangers from a bucket of one second's worth of traces.
 */
export class TraceSampling {
  readonly #clock: TraceClock;
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #core: LogCore;
  readonly #own = new Decisions();
  readonly #strangers = new Decisions();
  #tokens: number;
  #refilledUs: number;

  constructor(clock: TraceClock, perSecond: number, core: LogCore) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#capacity = perSecond === 0 ? 0 : Math.max(1, perSecond);
    this.#core = core;
    this.#tokens = this.#capacity;
    this.#refilledUs = clock.nowUs();
  }

  /** A trace that began here may come back from where it was sent to. */
  began(context: LiveContext): void {
    this.#own.add(keyOf(context), (context.flags & FLAG_SAMPLED) !== 0);
  }

  /** The flags under which a remote trace goes on here. */
  flagsOf(context: LiveContext): number {
    const wanted = context.flags & CONTEXT_FLAGS;
    if ((wanted & FLAG_SAMPLED) === 0) return wanted;
    return this.#accepts(keyOf(context)) ? wanted : wanted & ~(FLAG_SAMPLED | FLAG_DEBUG);
  }

  #accepts(key: string): boolean {
    const known = this.#own.get(key) ?? this.#strangers.get(key);
    if (known !== undefined) return known;
    const accepted = this.#takeToken();
    if (!accepted) this.#core.countRefusedTrace();
    this.#strangers.add(key, accepted);
    return accepted;
  }

  #takeToken(): boolean {
    const now = this.#clock.nowUs();
    // A clock that was set back gives nothing for the step, and counts from where it is now.
    const elapsedUs = Math.max(0, now - this.#refilledUs);
    this.#refilledUs = now;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (elapsedUs / 1e6) * this.#perSecond);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

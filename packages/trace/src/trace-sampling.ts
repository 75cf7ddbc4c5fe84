import type { TraceClock } from '@p2p/trace-noop';
import { CONTEXT_FLAGS, FLAG_DEBUG, FLAG_SAMPLED } from './event-layout.ts';
import type { LiveContext } from './live-context.ts';
import type { LogCore } from './log-core.ts';
import { TraceDecisions } from './trace-decisions.ts';

/**
 * Decides once per trace whether it is recorded when it comes from a remote peer: the log's own traces as when they began,
 * those of strangers from a bucket of one second's worth of traces.
 */
export class TraceSampling {
  readonly #clock: TraceClock;
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #core: LogCore;
  #own: TraceDecisions | undefined;
  #strangers: TraceDecisions | undefined;
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
    this.#own ??= new TraceDecisions();
    this.#own.add(context, (context.flags & FLAG_SAMPLED) !== 0);
  }

  /** The flags under which a remote trace goes on here. */
  flagsOf(context: LiveContext): number {
    const wanted = context.flags & CONTEXT_FLAGS;
    if ((wanted & FLAG_SAMPLED) === 0) return wanted;
    return this.#accepts(context) ? wanted : wanted & ~(FLAG_SAMPLED | FLAG_DEBUG);
  }

  #accepts(context: LiveContext): boolean {
    this.#strangers ??= new TraceDecisions();
    const known = this.#own?.get(context) ?? this.#strangers.get(context);
    if (known !== undefined) return known;
    const accepted = this.#takeToken();
    if (!accepted) this.#core.countRefusedTrace();
    this.#strangers.add(context, accepted);
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

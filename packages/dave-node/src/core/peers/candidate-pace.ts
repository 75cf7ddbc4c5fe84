import { addressClass, isLocalClass, networkOf } from './address-class.ts';
import type { CandidateSource } from './candidate.ts';
import { Pacer } from './pacer.ts';

/** Networks whose rate is remembered at once. */
const MAX_NETWORKS = 4096;
const NETWORK_BURST = 4;

/** When candidates may be pinged: a rate per source, so that one cannot starve the other, and one per network. */
export class CandidatePace {
  readonly #sources: Record<CandidateSource, Pacer>;
  readonly #networks = new Map<string, Pacer>();
  readonly #networkPerSecond: number;
  readonly #limitLocal: boolean;

  constructor(options: { perSecond: number; networkPerSecond: number; limitLocal: boolean }) {
    const pacer = (): Pacer => new Pacer(options.perSecond, Math.max(1, options.perSecond));
    this.#sources = { gossip: pacer(), contact: pacer(), hint: pacer() };
    this.#networkPerSecond = options.networkPerSecond;
    this.#limitLocal = options.limitLocal;
  }

  /** Ms until a candidate of this source could be pinged, whatever its network. */
  waitMs(source: CandidateSource, nowMs: number): number {
    return this.#sources[source].earliest(nowMs) - nowMs;
  }

  /** Books the next PING to `address` and returns its time; undefined when it would be later than `latestMs`, or too many networks wait. */
  book(address: string, source: CandidateSource, nowMs: number, latestMs: number): number | undefined {
    const overall = this.#sources[source];
    const network = this.#network(address, nowMs);
    if (network === 'full') return undefined;
    const atMs = Math.max(overall.earliest(nowMs), network?.earliest(nowMs) ?? nowMs);
    if (atMs > latestMs) return undefined;
    overall.book(nowMs);
    network?.book(atMs);
    return atMs;
  }

  #network(address: string, nowMs: number): Pacer | 'full' | undefined {
    if (!this.#limitLocal && isLocalClass(addressClass(address))) return undefined;
    const name = networkOf(address);
    const known = this.#networks.get(name);
    if (known !== undefined) return known;
    if (this.#networks.size >= MAX_NETWORKS) {
      for (const [other, pacer] of this.#networks) if (pacer.idle(nowMs)) this.#networks.delete(other);
      if (this.#networks.size >= MAX_NETWORKS) return 'full';
    }
    const pacer = new Pacer(this.#networkPerSecond, NETWORK_BURST);
    this.#networks.set(name, pacer);
    return pacer;
  }
}

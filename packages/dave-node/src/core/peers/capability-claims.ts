import type { Capabilities } from '@p2p/dave-wire';

/** Ping intervals in a row with agreeing PINGs before a contradicted claim counts again. */
const AGREEING = 3;

/**
 * What a peer's PINGs say about it. A PING's source can be forged, so a contradiction falls back to
 * what is safe of any peer (no capabilities, as a Go node) until PINGs of several intervals agree.
 * The peer itself speaks once an interval: a forger cannot be the only one to speak for so long.
 */
export class CapabilityClaims {
  /** Undefined: none, as a Go node. */
  value: Capabilities | undefined = undefined;
  #latest: Capabilities | undefined = undefined;
  #agreeing = 0;
  #lastInterval = 0;

  /** True once a PING was heard. */
  get heard(): boolean {
    return this.#agreeing > 0;
  }

  /** @param interval the number of the ping interval in which it was heard. */
  hear(claim: Capabilities | undefined, interval: number): void {
    if (this.#agreeing === 0) {
      this.value = this.#latest = copy(claim);
      this.#agreeing = AGREEING;
      return;
    }
    if (!same(claim, this.#latest)) {
      this.value = undefined;
      this.#latest = copy(claim);
      this.#agreeing = 1;
      this.#lastInterval = interval;
      return;
    }
    if (this.#agreeing < AGREEING && interval === this.#lastInterval) return;
    this.#lastInterval = interval;
    if (this.#agreeing < AGREEING && ++this.#agreeing === AGREEING) this.value = this.#latest;
  }
}

function copy(claim: Capabilities | undefined): Capabilities | undefined {
  return claim === undefined ? undefined : { ...claim };
}

function same(a: Capabilities | undefined, b: Capabilities | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.putAck === b.putAck &&
    a.directedDiscovery === b.directedDiscovery &&
    a.client === b.client &&
    a.protocolVersion === b.protocolVersion
  );
}

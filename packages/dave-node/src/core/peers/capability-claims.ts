import type { Capabilities } from '@p2p/dave-wire';

/** PINGs in a row that must agree before a contradicted claim counts again. */
const AGREEING = 3;

/**
 * What a peer's PINGs say about it. A PING's source can be forged, so a contradiction falls back to
 * what is safe of any peer (no capabilities, as a Go node) until several PINGs in a row agree.
 */
export class CapabilityClaims {
  /** Undefined: none, as a Go node. */
  value: Capabilities | undefined = undefined;
  #latest: Capabilities | undefined = undefined;
  #agreeing = 0;

  /** True once a PING was heard. */
  get heard(): boolean {
    return this.#agreeing > 0;
  }

  hear(claim: Capabilities | undefined): void {
    if (this.#agreeing === 0) {
      this.value = this.#latest = copy(claim);
      this.#agreeing = AGREEING;
      return;
    }
    if (!same(claim, this.#latest)) {
      this.value = undefined;
      this.#latest = copy(claim);
      this.#agreeing = 1;
      return;
    }
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

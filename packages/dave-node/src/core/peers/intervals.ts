/** The clockwork of discovery. Tests use short ones; the proportions matter, not the milliseconds. */
export interface DiscoveryIntervals {
  /** Between PINGs to one peer. Default 1000. */
  readonly pingMs: number;
  /** Ping intervals of good answers until a peer that is no edge is active. Default 5. */
  readonly activateAfter: number;
  /** Silent ping intervals until an active peer is inactive. Default 3. */
  readonly deactivateAfter: number;
  /** Silent ping intervals until a peer is dropped and a pin lapses. Default 12. */
  readonly dropAfter: number;
  /** Between questions for our own address. Default 600 000. */
  readonly getMyAddrMs: number;
}

import type { AddrPort, Capabilities } from '@p2p/dave-wire';
import type { CapabilityClaims } from './capability-claims.ts';
import type { Challenges } from './challenges.ts';

/** An address that we send PINGs to: a peer of the table, or a candidate for it. */
export interface Contact {
  readonly address: AddrPort;
  readonly addressKey: string;
  readonly challenges: Challenges;
  readonly claims: CapabilityClaims;
  /** The only key whose answer counts, if one is set. */
  readonly pinnedKey: Uint8Array | undefined;
  /** True when the operator gave the key, so that the answer may come through a relay or proxy. */
  readonly keyConfigured: boolean;
  /** Peer time of our last PONG to it: it has probably validated our address since. */
  answeredMs: number | undefined;
  /** Takes note of what a PING from the address says, in which ping interval of ours; undefined as from a Go node. */
  hear(capabilities: Capabilities | undefined, interval: number): void;
  /** Sizes that its latest PING claimed. */
  usedSpace: bigint;
  capacity: bigint;
}

/** How a peer is reachable behind its translator; `symmetric` is the worst to punch through. */
export type NatType = 'none' | 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric' | 'unknown';

/** Where a peer was first heard of. */
export type PeerSource = 'seed' | 'connection' | 'relay' | 'coordination' | 'merge' | 'unknown';

/** How peers are picked. */
export type SelectionStrategy = 'best-first' | 'epsilon-greedy' | 'random' | 'thompson';

/** What a peer can do for others; undefined means unknown. */
export interface PeerCapabilities {
  relay?: boolean;
  coordination?: boolean;
  dualStack?: boolean;
  natType?: NatType;
}

/** How a dial ended. */
export type ConnectionOutcome =
  | { ok: true; rttMs?: number; capabilities?: PeerCapabilities }
  | { ok: false; reason?: string };

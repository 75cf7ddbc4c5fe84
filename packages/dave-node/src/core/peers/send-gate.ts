/** What goes to an address that may not have proven itself. */
export type GatedKind = 'ping' | 'pong' | 'addr-ack';

/**
 * Decides what may be sent to addresses that have not solved a challenge yet, so that a forged
 * source cannot aim more bytes at somebody than it spent itself.
 */
export interface SendGate {
  /** Bytes came from this address. Called by whoever receives datagrams. */
  received(addressKey: string, bytes: number): void;
  /** Whether `bytes` may be sent now; true also books them. */
  maySend(addressKey: string, bytes: number, kind: GatedKind): boolean;
  /** The address solved a challenge. */
  validated(addressKey: string): void;
}

/** Lets everything pass. */
export const openGate: SendGate = {
  received: () => {},
  maySend: () => true,
  validated: () => {},
};

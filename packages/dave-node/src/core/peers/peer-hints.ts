/** Where to try first: what a bootstrap cache knows about peers of earlier runs. */
export interface PeerHints {
  /** Up to `count` peers, best first. Entries whose address is no IP address and port are skipped. */
  pick(count: number): readonly PeerHint[];
  /** What came of trying an address; also called for peers that were found elsewhere. */
  outcome(outcome: HintOutcome): void;
}

/** A peer worth trying. */
export interface PeerHint {
  /** IP address and port, IPv6 in brackets. */
  readonly address: string;
  /** 32 bytes: the key that answered there before. Another key may answer now; both outcomes are told. */
  readonly publicKey?: Uint8Array | undefined;
}

/** One success or failure of an address. */
export interface HintOutcome {
  /** `host:port`, IPv6 in brackets. */
  readonly address: string;
  /** 32 bytes; known for every success. */
  readonly publicKey?: Uint8Array | undefined;
  readonly ok: boolean;
  readonly rttMs?: number | undefined;
}

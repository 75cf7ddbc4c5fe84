/** A signed and proven key-value pair. Times are Unix ms (at most 2⁵³ − 1). */
export interface Dat {
  time: number;
  /** 16 bytes. */
  salt: Uint8Array;
  /** 32 bytes. */
  work: Uint8Array;
  /** 64 bytes. */
  signature: Uint8Array;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** At most 255 bytes of UTF-8. */
  key: string;
  /** In a PUT, key and value together have at most 1224 bytes. */
  value: Uint8Array;
}

/**
 * A dat and the peers that are said to hold it: up to five ids, unsigned by anyone, a hint only. 0n is no peer:
 * Go nodes leave such gaps between ids, and they are kept, so that an entry encodes to the bytes it was decoded
 * from. Zeros behind the last id are left out; ids may repeat. Encoding takes ids modulo 2⁶⁴.
 */
export interface Entry {
  dat: Dat;
  replicas: readonly bigint[];
}

/** IPv4 in dotted form, IPv6 in RFC 5952 form without brackets; `::ffff:a.b.c.d` is always written as IPv4. */
export interface AddrPort {
  address: string;
  port: number;
}

/** Extension item 1, present in traced builds only. */
export interface TraceItem {
  /** 16 bytes. */
  traceId: Uint8Array;
  spanId: bigint;
  startUs: bigint;
  flags: number;
}

/** Extension item 3. */
export interface Capabilities {
  /** Bit 0: sends PUT_ACK. */
  putAck: boolean;
  /** Bit 1: answers directed discovery. */
  directedDiscovery: boolean;
  /** Bit 2: never place data on me. */
  client: boolean;
  /** u16. */
  protocolVersion: number;
}

/**
 * The extension block after a message. Items that do not fit into MAX_PACKET are left out, the last listed here
 * first, until the rest fits; padding takes what is left then.
 */
export interface Extensions {
  /**
   * Item 0: pads the whole message with zero bytes up to this many bytes, at most 1424, where it fits: a gap of one
   * byte (of up to three where the block holds nothing else) is too small for an item and stays. Decoding gives the
   * length of the padded message.
   */
  padToBytes?: number;
  trace?: TraceItem;
  /** Item 2: u64, echoed in the answer. */
  requestId?: bigint;
  capabilities?: Capabilities;
  /** Item 4, in a PING: name the peers closest to this id. */
  target?: bigint;
}

export interface Ping {
  op: 'ping';
  /** 32 bytes. */
  challenge: Uint8Array;
  /** Claims in bytes; negative ones decode as 0n. */
  usedSpace: bigint;
  capacity: bigint;
  extensions?: Extensions;
}

/** Proof that the answering peer holds its key: 144 bytes on the wire. */
export interface Solution {
  /** 32 bytes. */
  challenge: Uint8Array;
  /** 16 bytes. */
  salt: Uint8Array;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** 64 bytes. */
  signature: Uint8Array;
}

export interface Pong {
  op: 'pong';
  solution: Solution;
  /** At most 12. */
  addrPorts: readonly AddrPort[];
}

export interface Put {
  op: 'put';
  entry: Entry;
  extensions?: Extensions;
}

/** 0 durable, as far as the receiver's store is · 1 already stored · 2 newer exists · 3 no room at its priority · 4 invalid · 5 overloaded. */
export type PutAckCode = 0 | 1 | 2 | 3 | 4 | 5;

export interface PutAck {
  op: 'put-ack';
  storeKey: bigint;
  /** First 8 bytes of the dat's signature. */
  signaturePrefix: Uint8Array;
  code: PutAckCode;
  extensions?: Extensions;
}

export interface Get {
  op: 'get';
  /** 32 bytes. */
  publicKey: Uint8Array;
  key: string;
  extensions?: Extensions;
}

/** An entry whose dat has an all-zero signature means not found: it names publicKey and key, its time is 0. See `isNotFound`. */
export interface GetAck {
  op: 'get-ack';
  entry: Entry;
  extensions?: Extensions;
}

export interface GetMyAddrPort {
  op: 'get-my-addr-port';
  extensions?: Extensions;
}

export interface GetMyAddrPortAck {
  op: 'get-my-addr-port-ack';
  addrPort: AddrPort;
  extensions?: Extensions;
}

/** Everything that travels. */
export type Message = Ping | Pong | Put | PutAck | Get | GetAck | GetMyAddrPort | GetMyAddrPortAck;

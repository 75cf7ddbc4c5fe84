/** IP address without brackets, and a port. */
export interface Address {
  address: string;
  port: number;
}

/** What the network needs of a clock; a `VirtualClock` has it. */
export interface NetworkClock {
  monotonic(): number;
  setTimer(delayMs: number, callback: () => void): { cancel(): void };
}

/** What the network needs of a random source; a `SeededRandom` has it. */
export interface NetworkRandom {
  float(): number;
}

/** Receives what arrives at an endpoint. */
export interface EndpointHandlers<Message> {
  onPacket(message: Message, from: Address, sizeBytes: number): void;
  onConnection(connection: ConnectionPort<Message>): void;
  onError(error: Error): void;
}

/** Receives what arrives on a connection. */
export interface ConnectionHandlers<Message> {
  onMessage(message: Message, sizeBytes: number): void;
  /** Called once, whoever ended it; undefined after an orderly end. */
  onClosed(error: Error | undefined): void;
}

/** One side of a connection. */
export interface ConnectionPort<Message> {
  readonly remote: Address;
  start(handlers: ConnectionHandlers<Message>): void;
  send(message: Message): boolean;
  drained(signal: AbortSignal): Promise<void>;
  pause(): void;
  resume(): void;
  end(signal: AbortSignal): Promise<void>;
  destroy(): void;
}

/** How an application's requests are recorded and read. One object per application, registered once. */
export interface AppProtocol {
  /** 4 bytes, such as ASCII `DMAP`. */
  readonly appId: Uint8Array;
  /**
   * Writes what is worth keeping of `payload` into `target`, 42 zero bytes. Runs for each recorded command, so it
   * must be fast. A payload that is too short for its command should leave the rest zero. What it throws is not
   * passed on: the event is kept, flagged as truncated.
   */
  writeTraceData(command: number, payload: Uint8Array, target: Uint8Array): void;
  /** A name for people, such as `STORE_CHUNK`. */
  describeCommand(command: number): string;
  /** Whether to record a command; asked for each one. Default: all are. */
  shouldTrace?(command: number): boolean;
}

/** The application protocols that a log knows. */
export interface AppRegistry {
  /** False and without effect: another protocol has this id. Registering the same object again is true. */
  register(protocol: AppProtocol): boolean;
  /** The protocol of a 4-byte id. */
  get(appId: Uint8Array): AppProtocol | undefined;
}

/** Every drop, refusal and success that is counted; `metrics.ts` publishes them. All start at 0 and only grow. */
export class Counters {
  readonly packetsReceived: Record<string, number> = {};
  readonly packetsSent: Record<string, number> = {};
  /** By reason: wire error codes and our own (`unasked-pong`, `wrong-pong`, `self`, `unvalidated`, …). */
  readonly packetsDropped: Record<string, number> = {};
  readonly puts: Record<string, number> = {};
  readonly gets: Record<string, number> = {};
  readonly repairs: Record<string, number> = {};
  readonly connections: Record<string, number> = {};
  bytesReceived = 0;
  bytesSent = 0;
}

/** Adds one under a bounded set of names. */
export function count(group: Record<string, number>, name: string, by = 1): void {
  group[name] = (group[name] ?? 0) + by;
}

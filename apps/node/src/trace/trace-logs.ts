import type { DaveNode } from '@p2p/dave-node';
import type { RecordStore } from '@p2p/record-store';
import { createEventLog, type EventLog } from '@p2p/trace';

/** 8 MiB and the index for a daemon, half a MiB for what lives for one command. */
const SLOTS = { peer: 65_536, client: 4096 } as const;

const logs = new WeakMap<DaveNode, EventLog>();
const recordLogs = new WeakMap<RecordStore, EventLog>();

/** A log for a node of this mode. */
export function createNodeLog(publicKey: Uint8Array, mode: 'peer' | 'client'): EventLog {
  return createEventLog.full({ nodeId: publicKey, slots: SLOTS[mode] });
}

/** Remembers which log a record store writes to, for the node that is given it. */
export function keepLog(store: RecordStore, log: EventLog | undefined): void {
  if (log !== undefined) recordLogs.set(store, log);
}

/** The log of a node's records, or a new one: both write to the same. */
export function logFor(records: RecordStore | undefined, publicKey: Uint8Array, mode: 'peer' | 'client'): EventLog {
  return (records && recordLogs.get(records)) ?? createNodeLog(publicKey, mode);
}

/** Remembers which log a node writes to, for as long as the node is there. */
export async function withLog(opening: Promise<DaveNode>, log: EventLog): Promise<DaveNode> {
  const node = await opening;
  logs.set(node, log);
  return node;
}

/** @throws {Error} The node was not opened with a log. */
export function logOf(node: DaveNode): EventLog {
  const log = logs.get(node);
  if (log === undefined) throw new Error('this node was opened without a log');
  return log;
}

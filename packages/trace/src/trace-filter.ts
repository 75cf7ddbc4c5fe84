import type { TraceEvent, TraceFilter } from '@p2p/trace-noop';
import { APP_ID_BYTES } from './event-layout.ts';
import { searchedPeer, searchedTrace } from './id-refs.ts';
import { fromHex, toHex } from './text-bytes.ts';

/** Whether an event meets every condition but `limit`. */
export function matcherOf(filter: TraceFilter): (event: TraceEvent) => boolean {
  const traceId = filter.traceId === undefined ? undefined : searchedTrace(filter.traceId).hex;
  const peerId = filter.peer === undefined ? undefined : searchedPeer(filter.peer).hex;
  const nodeId = filter.nodeId === undefined ? undefined : searchedPeer(filter.nodeId).hex;
  const appId = filter.appId === undefined ? undefined : searchedApp(filter.appId);
  const { kinds, fromUs, toUs, command, name, flags, test } = filter;
  return (event) => {
    if (traceId !== undefined && event.traceId !== traceId) return false;
    if (peerId !== undefined && event.peerId !== peerId) return false;
    if (nodeId !== undefined && event.nodeId !== nodeId) return false;
    if (kinds !== undefined && !kinds.includes(event.kind)) return false;
    if (fromUs !== undefined && event.timeUs < fromUs) return false;
    if (toUs !== undefined && event.timeUs > toUs) return false;
    if (appId !== undefined && !('appId' in event && event.appId === appId)) return false;
    if (command !== undefined && !('command' in event && event.command === command)) return false;
    if (name !== undefined && !('name' in event && event.name === name)) return false;
    if (flags !== undefined && (event.flags & flags) !== flags) return false;
    return test === undefined || test(event);
  };
}

function searchedApp(id: Uint8Array | string): string {
  const bytes = typeof id === 'string' ? fromHex(id) : id;
  if (!(bytes instanceof Uint8Array) || bytes.length !== APP_ID_BYTES) throw new TypeError(`appId is ${APP_ID_BYTES} bytes, or ${2 * APP_ID_BYTES} hex digits.`);
  return toHex(bytes);
}

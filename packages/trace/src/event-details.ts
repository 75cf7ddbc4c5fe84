import type { TraceEvent } from '@p2p/trace-noop';
import { toHex } from './text-bytes.ts';

/** A 64-bit id as 16 hex digits. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}

/** Plain values for JSON. */
export type EventDetails = Record<string, string | number | boolean>;

/** The fields that only this kind has: ids in hex, other 64-bit numbers as decimal strings, bytes in hex. */
export function detailsOf(event: TraceEvent): EventDetails {
  switch (event.kind) {
    case 'connInit':
      return { endpoint: event.endpoint };
    case 'connEstablished':
      return { rttUs: event.rttUs };
    case 'connClosed':
      return { code: `${event.code}` };
    case 'streamOpened':
      return { streamId: hex64(event.streamId) };
    case 'streamData':
      return { streamId: hex64(event.streamId), offset: `${event.offset}`, length: event.length, fin: event.fin };
    case 'streamClosed':
      return { streamId: hex64(event.streamId), code: `${event.code}` };
    case 'packetSent':
    case 'packetReceived':
      return { size: event.size, packetNumber: `${event.packetNumber}` };
    case 'packetLost':
      return { packetNumber: `${event.packetNumber}` };
    case 'appStart':
      return appDetails(event);
    case 'appCommand':
      return { ...appDetails(event), data: toHex(event.data) };
    case 'appEnd':
      return { ...appDetails(event), ok: event.ok };
    case 'custom':
      return { category: event.category, code: event.code, data: toHex(event.data) };
    case 'spanStart':
      return { name: event.name, parentSpanId: hex64(event.parentSpanId) };
    case 'spanEnd':
      return { name: event.name, parentSpanId: hex64(event.parentSpanId), ok: event.ok };
  }
}

function appDetails(event: { appId: string; command: number; commandName: string | undefined }): EventDetails {
  const { appId, command, commandName } = event;
  return commandName === undefined ? { appId, command } : { appId, command, commandName };
}

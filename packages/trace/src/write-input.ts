import type { EventLog, TraceEventInput } from '@p2p/trace-noop';

/** Calls the writer of an event's kind; false: there is none. */
export function writeInput(log: EventLog, event: TraceEventInput): boolean {
  const { context, peer } = event;
  switch (event.kind) {
    case 'connInit':
      log.connInit(context, peer, event.endpoint);
      return true;
    case 'connEstablished':
      log.connEstablished(context, peer, event.rttUs);
      return true;
    case 'connClosed':
      log.connClosed(context, peer, event.code);
      return true;
    case 'streamOpened':
      log.streamOpened(context, peer, event.streamId);
      return true;
    case 'streamData':
      log.streamData(context, peer, event.streamId, event.offset, event.length, event.fin);
      return true;
    case 'streamClosed':
      log.streamClosed(context, peer, event.streamId, event.code);
      return true;
    case 'packetSent':
      log.packetSent(context, peer, event.size, event.packetNumber);
      return true;
    case 'packetReceived':
      log.packetReceived(context, peer, event.size, event.packetNumber);
      return true;
    case 'packetLost':
      log.packetLost(context, peer, event.packetNumber);
      return true;
    case 'appStart':
      log.appStart(context, peer, event.appId, event.command);
      return true;
    case 'appCommand':
      log.appCommand(context, peer, event.appId, event.command, event.payload);
      return true;
    case 'appEnd':
      log.appEnd(context, peer, event.appId, event.command, event.ok);
      return true;
    case 'custom':
      log.custom(context, peer, event.category, event.code, event.data);
      return true;
    case 'spanStart':
      log.spanStart(context, peer, event.name);
      return true;
    case 'spanEnd':
      log.spanEnd(context, peer, event.name, event.ok);
      return true;
    default:
      return false;
  }
}

import { events, type QUICConnection, type QUICStream } from '@matrixai/quic';
import type { EventLog, PeerRef, TraceContext } from '@p2p/trace';

/** What the library keeps to itself, and its statistics. */
interface Internals {
  readonly conn: { stats(): { lost: number }; pathStats(): readonly { rtt: number }[] };
  recv(data: Uint8Array, from: unknown): Promise<void>;
}

type Listened = Pick<EventTarget, 'addEventListener'>;

function on(target: unknown, type: { readonly name: string }, listener: (detail: unknown) => void): void {
  (target as Listened).addEventListener(type.name, (event) => listener((event as CustomEvent).detail));
}

/** The code that a connection or stream ended with; 0 in good order. */
function codeOf(error: unknown): number {
  const code = (error as { data?: { errorCode?: unknown } } | undefined)?.data?.errorCode;
  return typeof code === 'number' ? code : 0;
}

/**
 * Traces a connection of `@matrixai/quic` from where it stands: datagrams, streams, loss, end. The numbers of
 * QUIC's packets are encrypted, so datagrams are counted; what was lost is what the statistics say more than before.
 */
export function traceConnection(connection: QUICConnection, log: EventLog, context: TraceContext, peer: PeerRef): void {
  const inside = connection as unknown as Internals;
  let sent = 0;
  let received = 0;
  let lost = 0;
  const countLost = (): void => {
    for (const total = inside.conn.stats().lost; lost < total; lost += 1) log.packetLost(context, peer, lost);
  };

  // The path's round trip, which the handshake measured.
  const [path] = inside.conn.pathStats();
  log.connEstablished(context, peer, Math.round((path?.rtt ?? 0) * 1000));
  on(connection, events.EventQUICConnectionSend, (detail) => {
    log.packetSent(context, peer, (detail as { msg: Uint8Array }).msg.length, sent++);
    countLost();
  });
  const { recv } = inside;
  inside.recv = async function traced(data, from) {
    log.packetReceived(context, peer, data.length, received++);
    await recv.call(this, data, from);
    countLost();
  };
  // Streams of our own are not announced: see `traceStream`.
  on(connection, events.EventQUICConnectionStream, (stream) => traceStream(stream as QUICStream, log, context, peer));
  on(connection, events.EventQUICConnectionClose, (error) => {
    countLost();
    log.connClosed(context, peer, codeOf(error));
  });
}

/** Traces a stream's beginning and end. */
export function traceStream(stream: QUICStream, log: EventLog, context: TraceContext, peer: PeerRef): void {
  log.streamOpened(context, peer, stream.streamId);
  let code = 0;
  on(stream, events.EventQUICStreamError, (error) => (code = codeOf(error)));
  on(stream, events.EventQUICStreamDestroyed, () => log.streamClosed(context, peer, stream.streamId, code));
}

/** A stage for `pipeThrough` that traces the data of a stream as it passes. */
export function traceData(streamId: number, log: EventLog, context: TraceContext, peer: PeerRef): TransformStream<Uint8Array, Uint8Array> {
  let offset = 0;
  return new TransformStream({
    transform(chunk, controller) {
      log.streamData(context, peer, streamId, offset, chunk.length, false);
      offset += chunk.length;
      controller.enqueue(chunk);
    },
    flush() {
      log.streamData(context, peer, streamId, offset, 0, true);
    },
  });
}

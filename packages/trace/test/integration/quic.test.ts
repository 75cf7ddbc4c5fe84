import { expect, test } from 'vitest';
import { connectTo, startEchoServer } from '../../../../examples/quic/echo.ts';
import { LossyRelay } from '../../../../examples/quic/lossy-relay.ts';
import { traceConnection, traceData, traceStream } from '../../../../examples/quic/trace-connection.ts';
import { createEventLog, tracePeer, type PacketSentEvent, type StreamDataEvent } from '../../src/index.ts';

const BYTES = 60_000;

test('a QUIC connection that loses packets is traced: handshake, datagrams, loss, data, end', async () => {
  const log = createEventLog.full({ slots: 8192 });
  const context = log.newTrace();
  const peer = tracePeer(new Uint8Array(32).fill(9));
  const server = await startEchoServer();
  // None of the handshake's, so that it is measured and not repeated.
  const relay = await LossyRelay.open(server.port, (datagram) => datagram > 10 && datagram % 10 === 0);
  try {
    log.connInit(context, peer, `127.0.0.1:${relay.port}`);
    const client = await connectTo(relay.port);
    traceConnection(client.connection, log, context, peer);
    const stream = client.connection.newStream();
    traceStream(stream, log, context, peer);
    const writer = stream.writable.getWriter();
    const written = (async () => {
      for (let sent = 0; sent < BYTES; sent += 1000) await writer.write(new Uint8Array(1000).fill(sent / 1000));
      await writer.close();
    })();
    const received: number[] = [];
    const readable = stream.readable.pipeThrough(traceData(stream.streamId, log, context, peer));
    for await (const chunk of readable) received.push(...chunk);
    await written;
    await stream.closedP;
    await client.destroy({ force: false });
    expect(received).toEqual(Array.from({ length: BYTES }, (_, at) => Math.floor(at / 1000) & 255));
  } finally {
    await server.stop({ force: true });
    relay.close();
  }

  const events = log.query.trace(context);
  const kinds = events.map(({ kind }) => kind);
  const only = (kind: string): typeof events => events.filter((event) => event.kind === kind);
  expect(kinds.slice(0, 3)).toEqual(['connInit', 'connEstablished', 'streamOpened']);
  expect(only('streamClosed')).toEqual([expect.objectContaining({ code: 0n })]);
  expect(only('connClosed')).toEqual([expect.objectContaining({ code: 0n })]);
  const data = only('streamData') as StreamDataEvent[];
  expect(data.reduce((sum, { length }) => sum + length, 0)).toBe(BYTES);
  expect(data.at(-1)).toMatchObject({ fin: true, offset: BigInt(BYTES) });
  expect((only('packetSent') as PacketSentEvent[]).map(({ packetNumber }) => packetNumber)).toEqual(only('packetSent').map((_, at) => BigInt(at)));
  const analysis = log.query.analyzeConnection(peer);
  expect(relay.lost).toBeGreaterThan(3);
  // The connection learns of most of them; the last ones may be lost on a connection that is over.
  expect(analysis.packetsLost).toBeGreaterThanOrEqual(relay.lost / 2);
  expect(analysis.bytesSent).toBeGreaterThan(BYTES);
  expect(analysis.bytesReceived).toBeGreaterThan(BYTES);
  expect(analysis.rtt!.p50Us).toBeGreaterThan(0);
  expect(log.query.problems()[0]).toMatchObject({ traceId: context.traceIdHex, reasons: { 'packets-lost': analysis.packetsLost } });
});

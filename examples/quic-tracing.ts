// A QUIC connection that loses packets, traced: what travelled, what was lost, how long it took.
// Run it with `node --conditions=p2p-trace examples/quic-tracing.ts`; without the condition it only transfers.
import { createEventLog, formatEvent, TRACE, tracePeer } from '@p2p/trace';
import { connectTo, startEchoServer } from './quic/echo.ts';
import { LossyRelay } from './quic/lossy-relay.ts';
import { traceConnection, traceData, traceStream } from './quic/trace-connection.ts';

const BYTES = 100_000;

const log = createEventLog.full({ nodeId: new TextEncoder().encode('client') });
const context = log.newTrace();
const peer = tracePeer(new TextEncoder().encode('echo server'));

const server = await startEchoServer();
const relay = await LossyRelay.open(server.port, (datagram) => datagram > 10 && datagram % 20 === 0);
if (TRACE) log.spanStart(context, peer, 'quic.echo');
if (TRACE) log.connInit(context, peer, `127.0.0.1:${relay.port}`);
const client = await connectTo(relay.port);
if (TRACE) traceConnection(client.connection, log, context, peer);

const stream = client.connection.newStream();
if (TRACE) traceStream(stream, log, context, peer);
let { readable }: { readable: ReadableStream<Uint8Array> } = stream;
if (TRACE) readable = readable.pipeThrough(traceData(stream.streamId, log, context, peer));
const writer = stream.writable.getWriter();
const written = (async () => {
  for (let sent = 0; sent < BYTES; sent += 1000) await writer.write(new Uint8Array(1000).fill(sent / 1000));
  await writer.close();
})();
let echoed = 0;
for await (const chunk of readable) echoed += chunk.length;
await written;
await client.destroy({ force: false });
if (TRACE) log.spanEnd(context, peer, 'quic.echo', echoed === BYTES);
await server.stop({ force: true });
relay.close();

console.log(`${echoed} of ${BYTES} bytes came back, the relay lost ${relay.lost} datagrams`);
if (TRACE) {
  for (const event of log.query.where({ kinds: ['connInit', 'connEstablished', 'streamOpened', 'packetLost', 'streamClosed', 'connClosed'] })) console.log(formatEvent(event));
  const { packetsSent, packetsReceived, packetsLost, rtt } = log.query.analyzeConnection(peer);
  console.log(`${packetsSent} sent, ${packetsReceived} received, ${packetsLost} lost, handshake ${rtt?.p50Us} µs`);
}

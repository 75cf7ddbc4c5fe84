import { createHmac, randomFillSync, timingSafeEqual } from 'node:crypto';
import Logger, { LogLevel } from '@matrixai/logger';
import { events, QUICClient, QUICServer, type QUICConnection, type QUICStream } from '@matrixai/quic';
import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.ts';

const hmac = (key: ArrayBuffer, data: ArrayBuffer): Buffer => createHmac('sha256', Buffer.from(key)).update(Buffer.from(data)).digest();

/** The library tells of every step otherwise. */
const logger = new Logger('quic', LogLevel.SILENT);

/** A server on loopback that sends back what it gets on any stream. */
export async function startEchoServer(): Promise<QUICServer> {
  const key = randomFillSync(new Uint8Array(32)).buffer;
  const server = new QUICServer({
    crypto: {
      key,
      ops: {
        sign: (secret, data) => Promise.resolve(Uint8Array.from(hmac(secret, data)).buffer),
        verify: (secret, data, signature) => Promise.resolve(timingSafeEqual(hmac(secret, data), Buffer.from(signature))),
      },
    },
    logger,
    config: { key: CERTIFICATE_KEY, cert: CERTIFICATE, maxIdleTimeout: 10_000 },
  });
  server.addEventListener(events.EventQUICServerConnection.name, (event: Event) => {
    const connection = (event as unknown as { detail: QUICConnection }).detail;
    connection.addEventListener(events.EventQUICConnectionStream.name, (opened: Event) => {
      const stream = (opened as unknown as { detail: QUICStream }).detail;
      // A stream that ends early is the client's affair.
      stream.readable.pipeTo(stream.writable).catch(() => undefined);
    });
  });
  await server.start({ host: '127.0.0.1', port: 0 });
  return server;
}

/** A client of a server on loopback. Whose certificate it is does not matter here. */
export async function connectTo(port: number): Promise<QUICClient> {
  return await QUICClient.createQUICClient({
    host: '127.0.0.1',
    port,
    crypto: {
      ops: {
        randomBytes: (data) => {
          randomFillSync(new Uint8Array(data));
          return Promise.resolve();
        },
      },
    },
    logger,
    config: { verifyPeer: false, maxIdleTimeout: 10_000 },
  });
}

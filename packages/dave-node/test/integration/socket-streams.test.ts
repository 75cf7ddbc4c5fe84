import { encodeFrame, encodeMessage, type Message } from '@p2p/dave-wire';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/transport.ts';
import { bind, read, type Bound, type Stream } from './bound-endpoint.ts';
import { sampleDat, sampleMessages } from './sample-messages.ts';

const never: AbortSignal = new AbortController().signal;
const put: Message = { op: 'put', entry: { dat: sampleDat('key', 1000), replicas: [] } };

let a: Bound;
let b: Bound;

async function setUp(host: string): Promise<void> {
  [a, b] = [await bind(`${host}:0`), await bind(`${host}:0`)];
}

afterEach(async () => {
  await Promise.all([a.endpoint.close(), b.endpoint.close()]);
});

async function openPair(): Promise<{ dialled: Connection; accepted: Connection }> {
  const dialled = await a.endpoint.connect(b.endpoint.address, never);
  await b.until(() => b.connections.length > 0);
  return { dialled, accepted: b.connections.at(-1)! };
}

/** A raw client, to send what our own sender never would. */
async function openRaw(): Promise<{ socket: Socket; stream: Stream }> {
  const socket = connect({ host: b.endpoint.address.address, port: b.endpoint.address.port + 1, noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  await b.until(() => b.connections.length > 0);
  return { socket, stream: read(b.connections.at(-1)!) };
}

/** Sends until no write has completed for 100 ms; returns how many messages that took. */
async function fill(connection: Connection): Promise<number> {
  for (let sent = 0; ; ) {
    while (connection.send(put)) sent += 1;
    sent += 1;
    const patience = AbortSignal.timeout(100);
    const blocked = await connection.drained(patience).then(
      () => false,
      () => patience.aborted,
    );
    if (blocked) return sent;
  }
}

describe.each(['127.0.0.1', '[::1]'])('streams on %s', (host) => {
  beforeEach(() => setUp(host));

  test('every message arrives in order, both ways, and an end is orderly', async () => {
    const { dialled, accepted } = await openPair();
    const [back, forth] = [read(dialled), read(accepted)];
    for (const message of sampleMessages) {
      dialled.send(message);
      accepted.send(message);
    }
    await dialled.end(never);
    await forth.until(() => forth.closed.length === 1);
    expect(forth.messages).toEqual(sampleMessages);
    expect(back.messages).toEqual(sampleMessages);
    expect([back.closed, forth.closed]).toEqual([[undefined], [undefined]]);
    expect(dialled.remote).toEqual({ address: b.endpoint.address.address, port: b.endpoint.address.port + 1 });
    expect(dialled.send(put)).toBe(false);
  });
});

describe('framing', () => {
  beforeEach(() => setUp('127.0.0.1'));

  test('frames are found however the stream is cut', async () => {
    const { socket, stream } = await openRaw();
    const bytes = Buffer.concat(sampleMessages.map((message) => encodeFrame(encodeMessage(message))));
    for (let at = 0; at < bytes.length; at += 7) {
      socket.write(bytes.subarray(at, at + 7));
      // Every turn of the loop is a segment of its own, as Nagle is off.
      if (at % 70 === 0) await new Promise(setImmediate);
    }
    await stream.until(() => stream.messages.length === sampleMessages.length);
    expect(stream.messages).toEqual(sampleMessages);
    socket.destroy();
  });

  test.each([
    ['a frame of no bytes', [0, 0], 'WIRE_EMPTY'],
    ['a frame above a packet', [0x91, 0x05], 'WIRE_TOO_LONG'],
  ])('%s closes the connection after what came before it', async (_, prefix, code) => {
    const { socket, stream } = await openRaw();
    const good = encodeFrame(encodeMessage(sampleMessages[0]!));
    socket.write(Buffer.concat([good, new Uint8Array(prefix), good]));
    socket.resume();
    await once(socket, 'close');
    await stream.until(() => stream.closed.length === 1);
    expect(stream.messages).toEqual([sampleMessages[0]]);
    expect(stream.malformed).toEqual([code]);
  });

  test('a frame that is no message is reported and the next one delivered', async () => {
    const { socket, stream } = await openRaw();
    socket.write(Buffer.concat([encodeFrame(new Uint8Array([99, 1, 2])), encodeFrame(encodeMessage(sampleMessages[4]!))]));
    await stream.until(() => stream.messages.length === 1);
    expect(stream.malformed).toEqual(['WIRE_UNKNOWN_OP']);
    socket.destroy();
  });

  test('a stream that ends within a frame is malformed', async () => {
    const { socket, stream } = await openRaw();
    socket.end(encodeFrame(encodeMessage(put)).subarray(0, 500));
    await stream.until(() => stream.closed.length === 1);
    expect(stream.malformed).toEqual(['WIRE_TRUNCATED']);
  });
});

describe('flow', () => {
  beforeEach(() => setUp('127.0.0.1'));

  test('a reader that pauses stops the sender; nothing is lost when it resumes', async () => {
    const { dialled, accepted } = await openPair();
    let received = 0;
    let pausing = true;
    accepted.start({
      onMessage: () => {
        received += 1;
        if (pausing) accepted.pause();
      },
      onMalformed: () => {},
      onClosed: () => {},
    });
    const sent = await fill(dialled);
    expect(received).toBe(1);
    // The kernel's buffers take a few megabytes, ours a quarter of one.
    expect(sent).toBeLessThan(20_000);
    accepted.resume();
    expect(received).toBe(2);
    accepted.resume();
    expect(received).toBe(3);
    pausing = false;
    accepted.resume();
    await dialled.drained(never);
    await dialled.end(never);
    expect(received).toBe(sent);
  });

  test('an end comes after what a paused reader has not had yet', async () => {
    const { dialled, accepted } = await openPair();
    const got: string[] = [];
    const closed = new Promise<void>((resolve) => {
      accepted.start({
        onMessage: (message) => {
          got.push(message.op);
          accepted.pause();
        },
        onMalformed: () => {},
        onClosed: (error) => {
          got.push(error === undefined ? 'end' : error.message);
          resolve();
        },
      });
    });
    for (let sent = 0; sent < 5; sent++) dialled.send(sampleMessages[4]!);
    const ended = dialled.end(never);
    while (got.length < 5) {
      await new Promise(setImmediate);
      accepted.resume();
      // The second in the same turn finds the reader paused again.
      accepted.resume();
    }
    accepted.resume();
    await Promise.all([ended, closed]);
    expect(got).toEqual(['get', 'get', 'get', 'get', 'get', 'end']);
  });

  test('a reset is an error for the reader, the sender and whoever waits', async () => {
    const { dialled, accepted } = await openPair();
    const stream = read(dialled);
    const sending = (async (): Promise<void> => {
      for (;;) {
        while (dialled.send(put));
        await dialled.drained(never);
      }
    })();
    read(accepted);
    accepted.pause();
    accepted.destroy();
    await expect(sending).rejects.toMatchObject({ code: 'NODE_CONNECTION_LOST' });
    await stream.until(() => stream.closed.length === 1);
    expect(stream.closed).toMatchObject([{ code: 'NODE_CONNECTION_LOST', cause: { code: expect.stringMatching(/ECONNRESET|EPIPE/) } }]);
    await expect(dialled.drained(never)).rejects.toMatchObject({ code: 'NODE_CONNECTION_LOST' });
    expect(dialled.send(put)).toBe(false);
  });

  test('an end that the other side does not answer stops with the signal', async () => {
    const { dialled } = await openPair();
    read(dialled);
    const stop = new AbortController();
    const ended = expect(dialled.end(stop.signal)).rejects.toThrow('waited enough');
    stop.abort(new Error('waited enough'));
    await ended;
  });

  test('a handler that throws costs its connection, not the process', async () => {
    const { dialled, accepted } = await openPair();
    const closed = new Promise<Error | undefined>((resolve) => {
      accepted.start({
        onMessage: () => {
          throw new Error('defect');
        },
        onMalformed: () => {},
        onClosed: resolve,
      });
    });
    dialled.send(put);
    expect(await closed).toMatchObject({ code: 'NODE_CONNECTION_LOST', cause: { message: 'defect' } });
    dialled.start({
      onMessage: () => {},
      onMalformed: () => {},
      onClosed: () => {
        throw new Error('another');
      },
    });
    await a.until(() => a.errors.length === 1);
    expect(a.errors).toMatchObject([{ message: 'another' }]);
  });
});

describe('dialling and closing', () => {
  beforeEach(() => setUp('127.0.0.1'));

  test('a refused, an aborted and an impossible dial are told apart', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    await expect(a.endpoint.connect({ address: '127.0.0.1', port: port - 1 }, never)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED', cause: { code: 'ECONNREFUSED' } });
    await expect(a.endpoint.connect({ address: '127.0.0.1', port: 65_535 }, never)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED' });
    const stop = new AbortController();
    const dial = a.endpoint.connect(b.endpoint.address, stop.signal);
    stop.abort(new Error('changed my mind'));
    await expect(dial).rejects.toThrow('changed my mind');
  });

  test('close flushes and ends connections, drops those that hang, and refuses new ones', async () => {
    const { dialled, accepted } = await openPair();
    const forth = read(accepted);
    read(dialled);
    // Accepted by nobody who reads: does not end by itself.
    await a.endpoint.connect(b.endpoint.address, never);
    for (let sent = 0; sent < 50; sent++) dialled.send(put);
    await a.endpoint.close();
    await forth.until(() => forth.closed.length === 1);
    expect(forth.messages.length).toBe(50);
    await expect(a.endpoint.connect(b.endpoint.address, never)).rejects.toMatchObject({ code: 'NODE_CLOSED' });
    const again = await bind(`127.0.0.1:${a.endpoint.address.port}`);
    await again.endpoint.close();
  });
});

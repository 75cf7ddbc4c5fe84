import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryNetwork, type MemoryConnection, type MemoryEndpoint, type MemoryHost, SeededRandom, uniformLatency, VirtualClock } from '../../src/index.ts';

const never: AbortSignal = new AbortController().signal;

interface Side {
  got: number[];
  closed: (Error | undefined)[];
  handlers: { onMessage(message: { n: number }): void; onClosed(error: Error | undefined): void };
}

function side(): Side {
  const got: number[] = [];
  const closed: (Error | undefined)[] = [];
  return { got, closed, handlers: { onMessage: (message) => got.push(message.n), onClosed: (error) => closed.push(error) } };
}

describe('streams', () => {
  let clock: VirtualClock;
  let network: MemoryNetwork<{ n: number }>;
  let hosts: MemoryHost<{ n: number }>[];
  let a: MemoryEndpoint<{ n: number }>;
  let b: MemoryEndpoint<{ n: number }>;
  let accepted: Parameters<Parameters<MemoryHost<{ n: number }>['bind']>[1]['onConnection']>[0][];

  beforeEach(async () => {
    clock = new VirtualClock();
    network = new MemoryNetwork({ clock, random: new SeededRandom('streams'), sizeOf: () => 100, highWaterBytes: 1000, link: { latencyMs: uniformLatency(10) } });
    hosts = [network.host('a'), network.host('b')];
    accepted = [];
    const ignore = { onPacket: (): void => {}, onError: (): void => {} };
    a = await hosts[0]!.bind(':0', { ...ignore, onConnection: (connection) => connection.destroy() });
    b = await hosts[1]!.bind(':0', { ...ignore, onConnection: (connection) => accepted.push(connection) });
  });

  async function open(): Promise<MemoryConnection<{ n: number }>> {
    return await clock.runUntilSettled(a.connect(b.address, never), 1000);
  }

  test('a dial takes a round trip and both sides see each other', async () => {
    const dialled = await open();
    expect(clock.monotonic()).toBe(20);
    expect(dialled.remote).toEqual({ address: 'b', port: b.address.port + 1 });
    expect(accepted[0]!.remote.address).toBe('a');
  });

  test('messages arrive in order over a link that loses and reorders', async () => {
    network.setDefaultLink({ loss: 0.3, reordering: 0.5, latencyMs: uniformLatency(1, 100) });
    const dialled = await clock.runUntilSettled(a.connect(b.address, never), 60_000);
    const listener = side();
    accepted[0]!.start(listener.handlers);
    for (let n = 0; n < 200; n++) dialled.send({ n });
    await clock.advance(60_000);
    expect(listener.got).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  test('a paused reader stops the sender at the high-water mark', async () => {
    const dialled = await open();
    dialled.start(side().handlers);
    const listener = side();
    accepted[0]!.start(listener.handlers);
    accepted[0]!.pause();
    let sent = 0;
    while (dialled.send({ n: sent })) sent += 1;
    expect(sent).toBe(9);
    let drained = false;
    void dialled.drained(never).then(() => (drained = true));
    await clock.advance(10_000);
    expect(drained).toBe(false);
    expect(listener.got).toEqual([]);
    accepted[0]!.resume();
    await clock.advance(100);
    expect(drained).toBe(true);
    expect(listener.got.length).toBe(10);
  });

  test('end delivers what is queued, then closes both sides without an error', async () => {
    const dialled = await open();
    const [dialler, listener] = [side(), side()];
    dialled.start(dialler.handlers);
    for (let n = 0; n < 5; n++) dialled.send({ n });
    const ended = dialled.end(never);
    await clock.advance(100);
    expect(dialler.closed).toEqual([]);
    accepted[0]!.start(listener.handlers);
    await clock.runUntilSettled(ended, 1000);
    expect(listener.got).toEqual([0, 1, 2, 3, 4]);
    expect([dialler.closed, listener.closed]).toEqual([[undefined], [undefined]]);
  });

  test('an aborted end drops the connection', async () => {
    const dialled = await open();
    const listener = side();
    accepted[0]!.start(listener.handlers);
    accepted[0]!.pause();
    const stop = new AbortController();
    const ended = expect(dialled.end(stop.signal)).rejects.toThrow('enough');
    stop.abort(new Error('enough'));
    await ended;
    await clock.advance(100);
    expect(listener.closed).toMatchObject([{ code: 'NODE_CONNECTION_LOST' }]);
  });

  test('destroy is an error for the other side and for whoever waits', async () => {
    const dialled = await open();
    const listener = side();
    accepted[0]!.start(listener.handlers);
    while (accepted[0]!.send({ n: 1 }));
    const waiting = expect(accepted[0]!.drained(never)).rejects.toMatchObject({ code: 'NODE_CONNECTION_LOST' });
    dialled.destroy();
    await clock.advance(50);
    await waiting;
    expect(listener.closed).toMatchObject([{ code: 'NODE_CONNECTION_LOST' }]);
    expect(accepted[0]!.send({ n: 2 })).toBe(false);
  });

  test('a partition delays, a long one loses the connection', async () => {
    const dialled = await open();
    const [dialler, listener] = [side(), side()];
    dialled.start(dialler.handlers);
    accepted[0]!.start(listener.handlers);
    network.partition(['a'], ['b']);
    dialled.send({ n: 1 });
    await clock.advance(2000);
    expect(listener.got).toEqual([]);
    network.heal();
    await clock.advance(2000);
    expect(listener.got).toEqual([1]);
    network.partition(['a'], ['b']);
    dialled.send({ n: 2 });
    await clock.advance(60_000);
    expect(dialler.closed).toMatchObject([{ code: 'NODE_CONNECTION_LOST' }]);
    expect(listener.closed).toEqual([]);
  });

  test('a crash is silent; the machine that restarts resets old connections', async () => {
    const dialled = await open();
    const [dialler, listener] = [side(), side()];
    dialled.start(dialler.handlers);
    accepted[0]!.start(listener.handlers);
    hosts[1]!.crash();
    await clock.advance(60_000);
    expect([dialler.closed, listener.closed]).toEqual([[], []]);
    network.host('b');
    dialled.send({ n: 1 });
    await clock.advance(100);
    expect(dialler.closed).toMatchObject([{ code: 'NODE_CONNECTION_LOST' }]);
  });

  test('a dial is refused by a host without that port, unanswered by none, and can be aborted', async () => {
    const refused = a.connect({ address: 'b', port: 1 }, never);
    await expect(clock.runUntilSettled(refused, 1000)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED' });
    const unanswered = a.connect({ address: 'nobody', port: 1 }, never);
    await expect(clock.runUntilSettled(unanswered, 60_000)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED' });
    const stop = new AbortController();
    const aborted = a.connect(b.address, stop.signal);
    stop.abort(new Error('changed my mind'));
    await expect(aborted).rejects.toThrow('changed my mind');
  });

  test('closing an endpoint ends its connections after what is queued', async () => {
    const dialled = await open();
    const [dialler, listener] = [side(), side()];
    dialled.start(dialler.handlers);
    accepted[0]!.start(listener.handlers);
    dialled.send({ n: 3 });
    await a.close();
    await clock.advance(100);
    expect(listener.got).toEqual([3]);
    expect([dialler.closed, listener.closed]).toEqual([[undefined], [undefined]]);
    await expect(a.connect(b.address, never)).rejects.toMatchObject({ code: 'NODE_CLOSED' });
  });
});

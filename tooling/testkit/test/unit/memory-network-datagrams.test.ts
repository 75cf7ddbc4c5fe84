import { describe, expect, test } from 'vitest';
import { type Address, type EndpointHandlers, MemoryNetwork, type MemoryNetworkOptions, SeededRandom, uniformLatency, VirtualClock } from '../../src/index.ts';

interface Note {
  text: string;
  bytes: Uint8Array;
}

interface Received {
  text: string;
  from: Address;
  atMs: number;
}

function note(text: string): Note {
  return { text, bytes: new Uint8Array([1, 2, 3]) };
}

function setUp(options: Partial<MemoryNetworkOptions<Note>> = {}): { clock: VirtualClock; network: MemoryNetwork<Note> } {
  const clock = new VirtualClock();
  const network = new MemoryNetwork<Note>({ clock, random: new SeededRandom('datagrams'), sizeOf: (message) => message.text.length, ...options });
  return { clock, network };
}

function collect(clock: VirtualClock): { received: Received[]; handlers: EndpointHandlers<Note> } {
  const received: Received[] = [];
  return {
    received,
    handlers: {
      onPacket: (message, from) => received.push({ text: message.text, from, atMs: clock.monotonic() }),
      onConnection: (connection) => connection.destroy(),
      onError: (error) => {
        throw error;
      },
    },
  };
}

describe('datagrams', () => {
  test('arrive after the latency with the address of the sender', async () => {
    const { clock, network } = setUp({ link: { latencyMs: uniformLatency(12) } });
    const a = await network.host('10.0.0.1').bind('[::]:0', collect(clock).handlers);
    const sink = collect(clock);
    const b = await network.host('10.0.0.2').bind('10.0.0.2:4127', sink.handlers);
    expect(b.address).toEqual({ address: '10.0.0.2', port: 4127 });
    a.send(note('hello'), b.address);
    await clock.advance(11);
    expect(sink.received).toEqual([]);
    await clock.advance(1);
    expect(sink.received).toEqual([{ text: 'hello', from: a.address, atMs: 12 }]);
  });

  test('are taken when they are sent and overwritten after the handler returns', async () => {
    const { clock, network } = setUp();
    const kept: Note[] = [];
    const during: number[][] = [];
    const a = await network.host('a').bind(':0', collect(clock).handlers);
    const b = await network.host('b').bind(':0', {
      ...collect(clock).handlers,
      onPacket: (message) => {
        kept.push(message);
        during.push([...message.bytes]);
      },
    });
    const message = note('x');
    a.send(message, b.address);
    message.bytes.fill(9);
    await clock.advance(5);
    expect(during).toEqual([[1, 2, 3]]);
    expect([...kept[0]!.bytes]).toEqual([0xdb, 0xdb, 0xdb]);
    expect([...message.bytes]).toEqual([9, 9, 9]);
  });

  test('are lost, doubled and reordered at the given rates', async () => {
    const { clock, network } = setUp({ link: { loss: 0.3, duplication: 0.1, reordering: 0.2, latencyMs: uniformLatency(5) } });
    const sink = collect(clock);
    const a = await network.host('a').bind(':0', collect(clock).handlers);
    const b = await network.host('b').bind(':0', sink.handlers);
    for (let index = 0; index < 5000; index++) {
      a.send(note(String(index)), b.address);
      await clock.advance(1);
    }
    await clock.advance(1000);
    expect(network.counts.lost / 5000).toBeCloseTo(0.3, 1);
    expect(network.counts.duplicated / 3500).toBeCloseTo(0.1, 1);
    expect(sink.received.length).toBe(5000 - network.counts.lost + network.counts.duplicated);
    let overtaken = 0;
    for (let index = 1; index < sink.received.length; index++) {
      if (Number(sink.received[index]!.text) < Number(sink.received[index - 1]!.text)) overtaken += 1;
    }
    expect(overtaken).toBeGreaterThan(300);
  });

  test('do not cross a partition or the closed direction of a one-way link', async () => {
    const { clock, network } = setUp();
    const at = { a: collect(clock), b: collect(clock) };
    const a = await network.host('a').bind(':0', at.a.handlers);
    const b = await network.host('b').bind(':0', at.b.handlers);
    const exchange = async (): Promise<[number, number]> => {
      const before = [at.a.received.length, at.b.received.length] as const;
      a.send(note('to b'), b.address);
      b.send(note('to a'), a.address);
      await clock.advance(5);
      return [at.a.received.length - before[0], at.b.received.length - before[1]];
    };
    expect(await exchange()).toEqual([1, 1]);
    network.partition(['a'], ['b']);
    expect(await exchange()).toEqual([0, 0]);
    network.heal();
    network.block('a', 'b');
    expect(await exchange()).toEqual([1, 0]);
    network.unblock('a', 'b');
    expect(await exchange()).toEqual([1, 1]);
  });

  test('go nowhere after a crash, and reach the host that takes the address over', async () => {
    const { clock, network } = setUp();
    const before = collect(clock);
    const after = collect(clock);
    const a = await network.host('a').bind(':0', collect(clock).handlers);
    const first = network.host('b');
    const b = await first.bind(':7', before.handlers);
    first.crash();
    a.send(note('dead'), b.address);
    b.send(note('from the dead'), a.address);
    await clock.advance(5);
    expect(network.counts.unreachable).toBe(1);
    await network.host('b').bind(':7', after.handlers);
    a.send(note('alive'), b.address);
    await clock.advance(5);
    expect(before.received).toEqual([]);
    expect(after.received.map((packet) => packet.text)).toEqual(['alive']);
  });

  test('the same seed gives the same events', async () => {
    const run = async (seed: string): Promise<string[]> => {
      const events: string[] = [];
      const { clock, network } = setUp({
        random: new SeededRandom(seed),
        link: { loss: 0.2, duplication: 0.2, reordering: 0.2, latencyMs: uniformLatency(1, 90) },
        observe: (event) => events.push(`${event.kind} ${event.atMs} ${event.message.text}`),
      });
      const a = await network.host('a').bind(':0', collect(clock).handlers);
      const b = await network.host('b').bind(':0', collect(clock).handlers);
      for (let index = 0; index < 200; index++) a.send(note(String(index)), b.address);
      await clock.advance(500);
      return events;
    };
    const first = await run('one');
    expect(await run('one')).toEqual(first);
    expect(await run('two')).not.toEqual(first);
  });
});

describe('binding', () => {
  test('refuses a taken port and an address of another host', async () => {
    const { clock, network } = setUp();
    const host = network.host('10.0.0.1');
    await host.bind('0.0.0.0:9', collect(clock).handlers);
    await expect(host.bind('10.0.0.1:9', collect(clock).handlers)).rejects.toMatchObject({ code: 'NODE_ADDRESS_IN_USE' });
    await expect(host.bind('10.0.0.2:10', collect(clock).handlers)).rejects.toMatchObject({ code: 'NODE_LISTEN_FAILED' });
  });

  test('resolves names it was told and literals', async () => {
    const { network } = setUp();
    network.setName('seed.example', ['10.0.0.1', '10.0.0.2']);
    const host = network.host('10.0.0.9');
    const { signal } = new AbortController();
    expect(await host.resolve('seed.example', signal)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(await host.resolve('2001:db8::1', signal)).toEqual(['2001:db8::1']);
    await expect(host.resolve('unknown.example', signal)).rejects.toMatchObject({ code: 'NODE_CONNECT_FAILED' });
  });
});

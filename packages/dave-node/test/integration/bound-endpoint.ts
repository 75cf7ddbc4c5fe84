import { copyMessage, type AddrPort, type Message, type WireErrorCode } from '@p2p/dave-wire';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { SocketTransport } from '../../src/io/socket-transport.ts';
import type { SocketEndpoint } from '../../src/io/socket-endpoint.ts';
import type { Connection } from '../../src/transport.ts';

export interface Packet {
  message: Message;
  from: AddrPort;
  sizeBytes: number;
}

/** An endpoint that remembers what arrives. */
export interface Bound {
  endpoint: SocketEndpoint;
  packets: Packet[];
  malformed: { code: WireErrorCode; from: AddrPort; sizeBytes: number }[];
  errors: Error[];
  connections: Connection[];
  /** Resolves when `condition` holds; asked after each arrival. */
  until(condition: () => boolean): Promise<void>;
}

export async function bind(listen: string, transport: SocketTransport = new SocketTransport()): Promise<Bound> {
  const arrivals = new EventEmitter();
  const packets: Bound['packets'] = [];
  const malformed: Bound['malformed'] = [];
  const errors: Error[] = [];
  const connections: Connection[] = [];
  const add = <T>(list: T[], item: T): void => {
    list.push(item);
    arrivals.emit('arrival');
  };
  const endpoint = await transport.bind(listen, {
    onPacket: (message, from, sizeBytes) => add(packets, { message: copyMessage(message), from, sizeBytes }),
    onMalformed: (code, from, sizeBytes) => add(malformed, { code, from, sizeBytes }),
    onConnection: (connection) => add(connections, connection),
    onError: (error) => add(errors, error),
  });
  return {
    endpoint,
    packets,
    malformed,
    errors,
    connections,
    until: async (condition) => {
      while (!condition()) await once(arrivals, 'arrival');
    },
  };
}

/** What arrives on one connection. */
export interface Stream {
  messages: Message[];
  malformed: WireErrorCode[];
  closed: (Error | undefined)[];
  until(condition: () => boolean): Promise<void>;
}

export function read(connection: Connection): Stream {
  const arrivals = new EventEmitter();
  const stream: Stream = {
    messages: [],
    malformed: [],
    closed: [],
    until: async (condition) => {
      while (!condition()) await once(arrivals, 'arrival');
    },
  };
  connection.start({
    onMessage: (message) => {
      stream.messages.push(copyMessage(message));
      arrivals.emit('arrival');
    },
    onMalformed: (code) => {
      stream.malformed.push(code);
      arrivals.emit('arrival');
    },
    onClosed: (error) => {
      stream.closed.push(error);
      arrivals.emit('arrival');
    },
  });
  return stream;
}

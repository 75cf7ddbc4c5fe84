import type { AddrPort, Message, WireErrorCode } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { Connection, TransportHandlers } from '../transport.ts';
import { count, type Counters } from './counters.ts';
import type { Discovery } from './peers/discovery.ts';
import type { Operations } from './ops/operations.ts';
import type { NodeTrace } from './trace/node-trace.ts';
import { TracedConnection } from './trace/traced-connection.ts';

/** Hands every arriving message to the part that answers for it. */
export class Dispatcher implements TransportHandlers {
  /** Given in traced builds. */
  declare trace: NodeTrace | undefined;
  readonly #counters: Counters;
  readonly #onFailure: (error: Error) => void;
  #discovery: Discovery | undefined = undefined;
  #operations: Operations | undefined = undefined;

  constructor(counters: Counters, onFailure: (error: Error) => void) {
    this.#counters = counters;
    this.#onFailure = onFailure;
  }

  /** Until then, and after `detach`, whatever arrives is counted and dropped. */
  attach(discovery: Discovery, operations: Operations): void {
    this.#discovery = discovery;
    this.#operations = operations;
  }

  detach(): void {
    this.#discovery = undefined;
    this.#operations = undefined;
  }

  onPacket(message: Message, from: AddrPort, sizeBytes: number): void {
    const counters = this.#counters;
    counters.bytesReceived += sizeBytes;
    count(counters.packetsReceived, message.op);
    if (TRACE) this.trace?.received(message, from, sizeBytes);
    const discovery = this.#discovery;
    const operations = this.#operations;
    if (discovery === undefined || operations === undefined) return count(counters.packetsDropped, 'not-open');
    switch (message.op) {
      case 'ping':
        return discovery.handlePing(message, from);
      case 'pong':
        return discovery.handlePong(message, from);
      case 'get-my-addr-port':
        return discovery.handleGetMyAddrPort(message, from);
      case 'get-my-addr-port-ack':
        return discovery.handleGetMyAddrPortAck(message, from);
      case 'put':
        return operations.handlePut(message, from);
      case 'put-ack':
        return operations.handlePutAck(message, from);
      case 'get':
        return operations.handleGet(message, from);
      case 'get-ack':
        return operations.handleGetAck(message, from);
    }
  }

  onMalformed(code: WireErrorCode, _from: AddrPort, sizeBytes: number): void {
    this.#counters.bytesReceived += sizeBytes;
    count(this.#counters.packetsDropped, code);
  }

  onConnection(connection: Connection): void {
    if (this.#operations === undefined) return connection.destroy();
    if (TRACE && this.trace !== undefined) connection = new TracedConnection(connection, this.trace);
    this.#operations.handleConnection(connection);
  }

  onError(error: Error): void {
    this.#onFailure(error);
  }
}

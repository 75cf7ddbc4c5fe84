import type { Message, Put, PutAckCode, WireErrorCode } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { Timer } from '../../env.ts';
import type { Connection } from '../../transport.ts';
import { count } from '../counters.ts';
import { Deadline } from './deadline.ts';
import { isKept, type Ingest, type IngestResult } from './ingest.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { ackNames, putAck, type AckNames } from './put-acks.ts';

/** Dats of one connection on their way into the store; above the first, reading stops, at the second it goes on. */
const MOST_IN_FLIGHT = 512;
const RESUME_IN_FLIGHT = 256;
/** Reading goes on when the queue for verification is so full. */
const RESUME_PRESSURE = 0.75;
/** How long a dialler that asked for PUT_ACKs may leave them unread. */
const UNREAD_ACKS_MS = 10_000;

export type ConnectionOptions = Pick<OperationsOptions, 'connectionIdleMs' | 'connectionAllowanceMs' | 'maxInvalidDats'>;
export type ConnectionModules = Pick<OperationsModules, 'clock' | 'counters' | 'directory' | 'emitter' | 'putBudget' | 'knowsHost' | 'trace'>;

/** What a connection tells the service that owns it. */
export interface ConnectionOwner {
  onClosed(connection: IncomingConnection): void;
  /** Reading is held back by the queue for verification: try `resume` later. */
  onHeld(connection: IncomingConnection): void;
  onFailure(error: unknown): void;
}

/** A TCP connection that somebody opened to us. It is read; PUT_ACKs go back to those who asked for them. */
export class IncomingConnection {
  readonly host: string;
  readonly #connection: Connection;
  readonly #options: ConnectionOptions;
  readonly #modules: ConnectionModules;
  readonly #ingest: Ingest;
  readonly #owner: ConnectionOwner;
  #lastPutMs: number;
  #idleTimer: Timer | undefined;
  #budgetTimer: Timer | undefined;
  #wantsAcks = false;
  #deliveredValid = false;
  #invalidDats = 0;
  #inFlight = 0;
  #heldByIngest = false;
  #heldByAcks = false;
  #closed = false;

  constructor(connection: Connection, options: ConnectionOptions, modules: ConnectionModules, ingest: Ingest, owner: ConnectionOwner) {
    this.host = connection.remote.address;
    this.#connection = connection;
    this.#options = options;
    this.#modules = modules;
    this.#ingest = ingest;
    this.#owner = owner;
    this.#lastPutMs = modules.clock.monotonic();
  }

  start(): void {
    this.#watchIdleness(this.#options.connectionIdleMs);
    this.#connection.start({
      onMessage: (message, sizeBytes) => this.#onMessage(message, sizeBytes),
      onMalformed: (code) => this.#onMalformed(code),
      onClosed: () => this.#end(),
    });
  }

  /** How long it brought no PUT; 0 while our own back-pressure holds it or a dat of it is in work. */
  get idleMs(): number {
    const held = this.#heldByIngest || this.#heldByAcks || this.#budgetTimer !== undefined;
    return held || this.#inFlight > 0 ? 0 : this.#modules.clock.monotonic() - this.#lastPutMs;
  }

  /** Goes on reading if the queue for verification allows it; tells whether it did. */
  resume(): boolean {
    if (this.#closed) return true;
    if (this.#inFlight > RESUME_IN_FLIGHT || this.#ingest.pressure > RESUME_PRESSURE) return false;
    this.#heldByIngest = false;
    this.#unhold();
    return true;
  }

  /** Closes it and says why in the counters. */
  close(reason: string): void {
    if (this.#closed) return;
    count(this.#modules.counters.connections, reason);
    this.#connection.destroy();
    this.#end();
  }

  #onMessage(message: Message, sizeBytes: number): void {
    if (this.#closed) return;
    const { extensions } = message as { extensions?: { requestId?: bigint; capabilities?: unknown } };
    if (extensions?.requestId !== undefined || extensions?.capabilities !== undefined) this.#wantsAcks = true;
    if (message.op === 'put') this.#onPut(message, sizeBytes);
    else if (message.op !== 'get-my-addr-port') count(this.#modules.counters.packetsDropped, `tcp-${message.op}`);
  }

  #onPut(message: Put, sizeBytes: number): void {
    const { clock, putBudget } = this.#modules;
    this.#lastPutMs = clock.monotonic();
    this.#inFlight += 1;
    if (TRACE) this.#modules.trace?.serve(message, 'serve-put', this.#connection.remote);
    const names = this.#wantsAcks ? ackNames(message.entry.dat) : undefined;
    const requestId = message.extensions?.requestId;
    if (TRACE && names !== undefined) this.#modules.trace?.inherit(names, message);
    const receiving = this.#ingest.receive(message.entry, 'tcp', { shed: false });
    if (TRACE) this.#modules.trace?.finishWith(message, 'serve-put', receiving, isKept);
    receiving.then(
      (result) => this.#onResult(result, names, requestId),
      (error: unknown) => {
        // The verifier is closed: so is the node, or it cannot take dats any more.
        this.#inFlight -= 1;
        this.close('verifier-closed');
        this.#owner.onFailure(error);
      },
    );
    if (this.#inFlight >= MOST_IN_FLIGHT || this.#ingest.pressure >= 1) this.#holdForIngest();
    const waitMs = putBudget?.take(this.host, sizeBytes) ?? 0;
    if (waitMs > 0) this.#holdForBudget(waitMs);
  }

  #onResult(result: IngestResult, names: AckNames | undefined, requestId: bigint | undefined): void {
    this.#inFlight -= 1;
    if (this.#closed) return;
    this.#lastPutMs = this.#modules.clock.monotonic();
    if (isKept(result)) this.#deliveredValid = true;
    if (names !== undefined) this.#acknowledge(names, result.code, requestId);
    if (result.offence) {
      this.#invalidDats += 1;
      if (this.#invalidDats >= this.#options.maxInvalidDats) {
        this.#modules.emitter.emit('shed', { what: 'connection', reason: `${this.#invalidDats} invalid dats from ${this.host}` });
        return this.close('closed-for-invalid-dats');
      }
    }
    if (this.#heldByIngest && this.#inFlight <= RESUME_IN_FLIGHT) this.resume();
  }

  #acknowledge(names: AckNames, code: PutAckCode, requestId: bigint | undefined): void {
    const answer = putAck(names, code, requestId);
    if (TRACE) this.#modules.trace?.stamp(answer, names);
    if (!this.#connection.send(answer)) this.#holdForAcks();
  }

  #onMalformed(code: WireErrorCode): void {
    count(this.#modules.counters.packetsDropped, code);
    this.close('closed-for-malformed-frame');
  }

  #holdForIngest(): void {
    if (this.#heldByIngest) return;
    this.#heldByIngest = true;
    this.#connection.pause();
    this.#owner.onHeld(this);
  }

  #holdForBudget(waitMs: number): void {
    this.#connection.pause();
    this.#budgetTimer ??= this.#modules.clock.setTimer(waitMs, () => {
      this.#budgetTimer = undefined;
      this.#unhold();
    });
  }

  #holdForAcks(): void {
    if (this.#heldByAcks) return;
    this.#heldByAcks = true;
    this.#connection.pause();
    void this.#untilAcksAreRead();
  }

  async #untilAcksAreRead(): Promise<void> {
    using deadline = new Deadline(this.#modules.clock, UNREAD_ACKS_MS);
    try {
      await this.#connection.drained(deadline.signal);
    } catch {
      if (deadline.timedOut) return this.close('closed-for-unread-acks');
      // Its end is on the way: nobody is there to be told, but what it wrote before counts.
      this.#wantsAcks = false;
    }
    this.#heldByAcks = false;
    this.#unhold();
  }

  #unhold(): void {
    if (this.#closed || this.#heldByIngest || this.#heldByAcks || this.#budgetTimer !== undefined) return;
    this.#lastPutMs = this.#modules.clock.monotonic();
    this.#connection.resume();
  }

  /**
   * A stranger's connection closes after a second without a PUT. One that has delivered valid dats,
   * whose dialler is of our kind, or that comes from a peer's host is left for much longer: a Go
   * writer holds back up to 32 kB, never looks at the connection, and loses all it writes later.
   */
  #allowanceMs(): number {
    const { connectionIdleMs, connectionAllowanceMs } = this.#options;
    return this.#deliveredValid || this.#wantsAcks || this.#isPeerHost() ? connectionAllowanceMs : connectionIdleMs;
  }

  #isPeerHost(): boolean {
    const { directory, knowsHost } = this.#modules;
    if (knowsHost !== undefined) return knowsHost(this.host);
    for (const peer of directory.active()) if (peer.address.address === this.host) return true;
    return false;
  }

  #watchIdleness(afterMs: number): void {
    this.#idleTimer = this.#modules.clock.setTimer(afterMs, () => {
      const { idleMs } = this;
      const leftMs = (idleMs < this.#options.connectionIdleMs ? this.#options.connectionIdleMs : this.#allowanceMs()) - idleMs;
      if (leftMs <= 0) this.close('closed-for-idleness');
      else this.#watchIdleness(leftMs);
    });
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#idleTimer?.cancel();
    this.#budgetTimer?.cancel();
    this.#owner.onClosed(this);
  }
}

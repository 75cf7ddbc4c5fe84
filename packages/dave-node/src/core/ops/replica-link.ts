import type { Capabilities, Message, Put, PutAck } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import { NodeError } from '../../errors.ts';
import type { Connection } from '../../transport.ts';
import { count } from '../counters.ts';
import type { Peer } from '../peers/peer.ts';
import { ChangeSignal } from './change-signal.ts';
import { Deadline, sleep } from './deadline.ts';
import { KeepAlive } from './keep-alive.ts';
import { LinkQueue, type LinkItem } from './link-queue.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { outcomeOf, type ReplicaOutcome } from './put-acks.ts';

const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
/** Acknowledgements of what was never sent that end a connection: each costs a search. */
const MOST_UNASKED_ACKS = 64;

type LinkOptions = Pick<OperationsOptions, 'capabilities' | 'connectTimeoutMs' | 'keepAliveMs' | 'linkWindow' | 'linkGiveUpMs'>;
type LinkModules = Pick<OperationsModules, 'clock' | 'random' | 'endpoint' | 'counters' | 'trace'>;

/**
 * A TCP stream of PUTs to one replica that survives lost connections: what is not confirmed is sent
 * again on the next one. Peers of our kind confirm each dat with a PUT_ACK. A Go node confirms
 * nothing, so every half window the connection is ended and its end awaited: it ends its side only
 * after it has read everything.
 */
export class ReplicaLink {
  readonly peer: Peer;
  /** Items that a node which does not acknowledge has read to the end. */
  delivered = 0;
  readonly #options: LinkOptions;
  readonly #modules: LinkModules;
  readonly #acknowledging: boolean;
  readonly #queue: LinkQueue;
  readonly #abort = new AbortController();
  readonly #keepAlive: KeepAlive;
  readonly #changes = new ChangeSignal();
  #connection: Connection | undefined;
  #ending = false;
  #running = false;
  #failingSinceMs: number | undefined;
  #retryMs = FIRST_RETRY_MS;
  #connectedMs = 0;
  #unaskedAcks = 0;
  #downUntilMs = -Infinity;

  constructor(peer: Peer, options: LinkOptions, modules: LinkModules) {
    this.peer = peer;
    this.#options = options;
    this.#modules = modules;
    this.#acknowledging = peer.sendsPutAck;
    const first = modules.random.bytes(8);
    this.#queue = new LinkQueue(new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true));
    this.#keepAlive = new KeepAlive(modules.clock, options.keepAliveMs, () => this.#onQuiet());
  }

  /** The window is full: wait for `room` before the next item. */
  get full(): boolean {
    return this.#queue.size >= this.#options.linkWindow;
  }

  /** Accepts an item; each is settled in the end. While the replica is given up for unreachable, at once. */
  offer(item: LinkItem): void {
    const { clock } = this.#modules;
    if (this.#abort.signal.aborted || clock.monotonic() < this.#downUntilMs) return settle(item, 'unconfirmed');
    this.#queue.push(item);
    this.#kick();
  }

  /** Resolves when half of the window is free. Rejects with the signal's reason. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#queue.size > this.#options.linkWindow / 2) await this.#changes.next(signal);
  }

  /** Waits until everything is confirmed or given up, and ends the connection. */
  async close(signal: AbortSignal): Promise<void> {
    try {
      while (this.#queue.size > 0) {
        if (this.#acknowledging || this.#queue.waiting > 0 || this.#connection === undefined) {
          this.#kick();
          await this.#changes.next(signal);
        } else await this.#checkpoint(this.#connection);
      }
      if (this.#connection !== undefined) await this.#checkpoint(this.#connection);
    } finally {
      this.destroy();
    }
  }

  /** Drops the connection; what is not confirmed is settled as `unconfirmed`. */
  destroy(): void {
    this.#abort.abort(new NodeError('NODE_CLOSED', 'the link was closed'));
    this.#keepAlive.stop();
    this.#connection?.destroy();
    this.#connection = undefined;
    this.#abandon();
  }

  #kick(): void {
    if (this.#running || this.#queue.waiting === 0 || this.#abort.signal.aborted) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      this.#changes.notify();
      if (this.#queue.waiting > 0) this.#kick();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.waiting > 0 && !this.#abort.signal.aborted) {
      if (this.#ending) {
        await this.#changes.next(this.#abort.signal).catch(() => {});
        continue;
      }
      // A replica that takes connections and confirms nothing fails as one that takes none.
      if (this.#connection === undefined && this.#failingSinceMs !== undefined) {
        if (this.#hasFailedTooLong()) return this.#giveUp();
        await sleep(this.#modules.clock, this.#retryMs, this.#abort.signal).catch(() => {});
        this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
      }
      const connection = this.#connection ?? (await this.#connect());
      if (connection !== undefined) await this.#feed(connection);
    }
  }

  async #connect(): Promise<Connection | undefined> {
    const { clock, counters, endpoint } = this.#modules;
    using deadline = new Deadline(clock, this.#options.connectTimeoutMs, this.#abort.signal);
    try {
      const connection = await endpoint.connect(this.peer.address, deadline.signal);
      if (this.#abort.signal.aborted) {
        connection.destroy();
        return undefined;
      }
      count(counters.connections, 'dialled');
      this.#connection = connection;
      this.#connectedMs = clock.monotonic();
      this.#unaskedAcks = 0;
      connection.start({
        onMessage: (message) => this.#onMessage(message, connection),
        onMalformed: () => connection.destroy(),
        onClosed: () => this.#onClosed(connection),
      });
      // Announces that PUT_ACKs are read here. A Go node gets nothing that it does not know.
      if (this.#acknowledging) connection.send(keepAliveFrame(this.#options.capabilities));
      this.#keepAlive.start();
      return connection;
    } catch {
      count(counters.connections, 'dial-failed');
      this.#failingSinceMs ??= clock.monotonic();
      return undefined;
    }
  }

  /** Sends what waits until nothing is left, the connection is lost, or it is time for a checkpoint. */
  async #feed(connection: Connection): Promise<void> {
    while (this.#connection === connection && !this.#ending) {
      if (!this.#acknowledging && this.#queue.unconfirmed >= this.#options.linkWindow / 2) return this.#checkpoint(connection);
      const next = this.#queue.take();
      if (next === undefined) return;
      const { item, requestId } = next;
      const message: Put = {
        op: 'put',
        entry: item.entry,
        ...(this.#acknowledging ? { extensions: { requestId } } : {}),
      };
      if (TRACE && this.#acknowledging) this.#modules.trace?.stamp(message, item.entry);
      const flowing = connection.send(message);
      this.#keepAlive.touch();
      if (this.#queue.unconfirmed === 1) this.#keepAlive.progress();
      if (!this.#acknowledging) settle(item, 'sent');
      if (!flowing) await this.#drained(connection);
    }
  }

  async #drained(connection: Connection): Promise<void> {
    using deadline = new Deadline(this.#modules.clock, this.#options.linkGiveUpMs, this.#abort.signal);
    try {
      await connection.drained(deadline.signal);
    } catch {
      // Lost, or stuck for so long that it counts as lost.
      connection.destroy();
      this.#onClosed(connection);
    }
  }

  /** Ends the connection and waits for the other side's end: then it has read everything. */
  async #checkpoint(connection: Connection): Promise<void> {
    if (this.#ending) return this.#changes.next(this.#abort.signal).catch(() => {});
    this.#ending = true;
    using deadline = new Deadline(this.#modules.clock, this.#options.linkGiveUpMs, this.#abort.signal);
    try {
      await connection.end(deadline.signal);
      this.#connection = undefined;
      this.delivered += this.#queue.confirmAll();
      this.#succeeded();
    } catch {
      connection.destroy();
      this.#lost();
    } finally {
      this.#ending = false;
      this.#changes.notify();
      this.#kick();
    }
  }

  #onMessage(message: Message, connection: Connection): void {
    if (message.op === 'put-ack' && connection === this.#connection) this.#onAck(message, connection);
  }

  #onAck(message: PutAck, connection: Connection): void {
    const item = this.#queue.confirm(message);
    if (item === undefined) {
      count(this.#modules.counters.packetsDropped, 'unasked-put-ack');
      this.#unaskedAcks += 1;
      if (this.#unaskedAcks < MOST_UNASKED_ACKS) return;
      connection.destroy();
      return this.#onClosed(connection);
    }
    this.#succeeded();
    this.#keepAlive.progress();
    settle(item, outcomeOf(message.code));
    if (this.#queue.size <= this.#options.linkWindow / 2) this.#changes.notify();
  }

  #onClosed(connection: Connection): void {
    if (this.#connection !== connection || this.#ending) return;
    this.#lost();
    if (this.#queue.waiting > 0) this.#kick();
  }

  #lost(): void {
    this.#connection = undefined;
    this.#keepAlive.stop();
    if (this.#queue.size > 0) {
      const nowMs = this.#modules.clock.monotonic();
      // A connection that lasted is all the success that a node shows which does not acknowledge.
      if (!this.#acknowledging && nowMs - this.#connectedMs >= this.#options.linkGiveUpMs) this.#succeeded();
      this.#failingSinceMs ??= nowMs;
      count(this.#modules.counters.connections, 'lost-with-unconfirmed');
    }
    this.#queue.requeue();
  }

  /** Nothing was sent for one keep-alive interval. */
  #onQuiet(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#ending) return;
    const stuck = this.#acknowledging && this.#queue.unconfirmed > 0;
    if (stuck && this.#keepAlive.sinceProgressMs >= this.#options.linkGiveUpMs) {
      connection.destroy();
      this.#onClosed(connection);
    } else connection.send(keepAliveFrame(this.#acknowledging ? this.#options.capabilities : undefined));
  }

  #succeeded(): void {
    this.#failingSinceMs = undefined;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #hasFailedTooLong(): boolean {
    const since = this.#failingSinceMs;
    return since !== undefined && this.#modules.clock.monotonic() - since >= this.#options.linkGiveUpMs;
  }

  #giveUp(): void {
    count(this.#modules.counters.connections, 'given-up');
    this.#downUntilMs = this.#modules.clock.monotonic() + this.#options.linkGiveUpMs;
    this.#succeeded();
    this.#abandon();
  }

  #abandon(): void {
    for (const item of this.#queue.drain()) settle(item, 'unconfirmed');
    this.#changes.notify();
  }
}

/** A one-byte message that keeps an idle connection open; with capabilities it also asks for PUT_ACKs. */
function keepAliveFrame(capabilities: Capabilities | undefined): Message {
  return { op: 'get-my-addr-port', ...(capabilities === undefined ? {} : { extensions: { capabilities } }) };
}

function settle(item: LinkItem, outcome: ReplicaOutcome): void {
  if (item.settled) return;
  item.settled = true;
  item.settle(outcome);
}

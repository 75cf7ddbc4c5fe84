import { MAX_PACKET, messageSize, type AddrPort, type Message } from '@p2p/dave-wire';
import { contextToWire, TRACE_FLAGS, type EventLog, type TraceContext } from '@p2p/trace';
import type { NodeEmitter } from '../../events.ts';
import type { Peer, PeerDirectory } from '../peers/peer.ts';
import { commandPayload, COMMANDS, DAVE_APP_ID, daveProtocol, type CommandName } from './dave-protocol.ts';
import { TracedPeers } from './traced-peers.ts';

/** Item 1 with its header, and the marker of a block that would hold nothing else. */
const ITEM_BYTES = 35;
const MARKER_BYTES = 2;
/** Requests whose answers are told apart by their id; the oldest is forgotten. */
const REMEMBERED_REQUESTS = 8192;

/**
 * Tracing of one node. Contexts travel with objects that are there anyway (options, entries, messages): what is
 * bound to a context is traced under it, and nothing else in the node knows of tracing. It never changes what
 * the node does: where an item does not fit, the message goes without.
 */
export class NodeTrace {
  readonly log: EventLog;
  readonly #peers: TracedPeers;
  readonly #contexts = new WeakMap<object, TraceContext>();
  /** The last packet that was sent in a span. */
  readonly #numbers = new WeakMap<TraceContext, number>();
  readonly #awaited = new Map<bigint, TraceContext>();
  #sent = 0;
  #received = 0;
  #streams = 0;

  constructor(log: EventLog) {
    this.log = log;
    this.#peers = new TracedPeers(log);
    log.apps.register(daveProtocol);
  }

  attach(directory: PeerDirectory, emitter: NodeEmitter): void {
    this.#peers.attach(directory, emitter);
  }

  /** From here on `carrier` belongs to the same span as `other`. */
  inherit(carrier: object, other: object): void {
    const context = this.#contexts.get(other);
    if (context !== undefined) this.#contexts.set(carrier, context);
  }

  /** Begins what an application asked for, below `parent` if it gave one. Returns a copy of its options, bound to it. */
  begin<T extends { readonly trace?: TraceContext | undefined }>(options: T, command: CommandName, publicKey: Uint8Array, key?: string): T {
    const carrier = { ...options };
    this.open(carrier, command, publicKey, key, options.trace);
    return carrier;
  }

  /** The same with a carrier that is there already. Without `parent` a new trace begins; a repair is nobody's request. */
  open(carrier: object, command: CommandName, publicKey: Uint8Array, key?: string, parent?: TraceContext): void {
    const { log } = this;
    const context = parent === undefined ? log.newTrace(command === 'repair' ? 0 : TRACE_FLAGS.appInitiated) : log.childOf(parent);
    this.#contexts.set(carrier, context);
    log.spanStart(context, undefined, command);
    log.appStart(context, undefined, DAVE_APP_ID, COMMANDS[command]);
    log.appCommand(context, undefined, DAVE_APP_ID, COMMANDS[command], commandPayload(publicKey, key));
  }

  /** Ends it, once. */
  close(carrier: object, command: CommandName, ok: boolean): void {
    const context = this.#contexts.get(carrier);
    if (context === undefined) return;
    this.#contexts.delete(carrier);
    this.log.appEnd(context, undefined, DAVE_APP_ID, COMMANDS[command], ok);
    this.log.spanEnd(context, undefined, command, ok);
  }

  /** Ends it with a promise. */
  closeWith(carrier: object, command: CommandName, work: Promise<unknown>): void {
    work.then(
      () => this.close(carrier, command, true),
      () => this.close(carrier, command, false),
    );
  }

  /** Begins a span of `carrier` below that of `parent`; what is bound to `carrier` from here on belongs to it. */
  start(carrier: object, parent: object, name: string, peer?: Peer): void {
    const above = this.#contexts.get(parent);
    if (above === undefined) return;
    const context = this.log.childOf(above);
    this.#contexts.set(carrier, context);
    this.log.spanStart(context, peer && this.#peers.prepared(peer), name);
  }

  /** A copy of `carrier` with a span of its own. */
  fork<T extends object>(carrier: T, name: string, peer: Peer): T {
    const copy = { ...carrier };
    this.start(copy, carrier, name, peer);
    return copy;
  }

  /** Ends the span of `carrier`, once. */
  finish(carrier: object, name: string, ok: boolean, peer?: Peer): void {
    const context = this.#contexts.get(carrier);
    if (context === undefined) return;
    this.#contexts.delete(carrier);
    this.log.spanEnd(context, peer && this.#peers.prepared(peer), name, ok);
  }

  /** Ends it with a promise, in good order unless it is rejected or `isGood` says otherwise. */
  finishWith<T>(carrier: object, name: string, work: Promise<T>, isGood: (result: T) => boolean = () => true, peer?: Peer): void {
    work.then(
      (result) => this.finish(carrier, name, isGood(result), peer),
      () => this.finish(carrier, name, false, peer),
    );
  }

  /** Lets a message carry the context of `carrier`, if it is recorded and the message has room. */
  stamp(message: Message, carrier: object): void {
    const context = this.#contexts.get(carrier);
    if (context === undefined || message.op === 'pong') return;
    this.#contexts.set(message, context);
    const { extensions } = message;
    if (extensions?.requestId !== undefined) this.#await(extensions.requestId, context);
    if ((context.flags & TRACE_FLAGS.sampled) === 0) return;
    // Items are dropped from the last one when they do not fit: this one, the first, must not push out another.
    if (messageSize(message) + ITEM_BYTES + (extensions === undefined ? MARKER_BYTES : 0) > MAX_PACKET) return;
    message.extensions = { ...extensions, trace: contextToWire(context) };
  }

  /** A message is sent. */
  sent(message: Message, to: AddrPort, sizeBytes: number): void {
    if (message.op === 'ping') this.#peers.pinged(to);
    this.#sent += 1;
    const context = this.#contexts.get(message);
    if (context !== undefined) this.#numbers.set(context, this.#sent);
    this.log.packetSent(context, this.#peers.at(to), sizeBytes, this.#sent);
  }

  /** The last packet of a span has gone unanswered for so long that it counts as lost. */
  lost(carrier: object, peer: Peer): void {
    const context = this.#contexts.get(carrier);
    const number = context === undefined ? undefined : this.#numbers.get(context);
    if (number !== undefined) this.log.packetLost(context, this.#peers.prepared(peer), number);
  }

  /** A message has come. An answer belongs to the span of its request, a request begins one below that which it carries. */
  received(message: Message, from: AddrPort, sizeBytes: number): void {
    const context = this.#contextOf(message);
    if (context !== undefined) this.#contexts.set(message, context);
    this.#received += 1;
    this.log.packetReceived(context, this.#peers.at(from), sizeBytes, this.#received);
  }

  /** Begins the span of the work on a request, if the request carried a context. */
  serve(request: Message, name: string, from: AddrPort): void {
    const context = this.#contexts.get(request);
    if (context === undefined) return;
    if (request.op === 'put') this.#contexts.set(request.entry, context);
    this.log.spanStart(context, this.#peers.at(from), name);
  }

  /** A connection was opened; returns its number. */
  streamOpened(remote: AddrPort): number {
    this.#streams += 1;
    this.log.streamOpened(undefined, this.#peers.at(remote), this.#streams);
    return this.#streams;
  }

  streamClosed(remote: AddrPort, stream: number, code: number): void {
    this.log.streamClosed(undefined, this.#peers.at(remote), stream, code);
  }

  #contextOf(message: Message): TraceContext | undefined {
    if (message.op === 'pong' || message.extensions === undefined) return undefined;
    const { requestId, trace } = message.extensions;
    const isAnswer = message.op === 'get-ack' || message.op === 'put-ack';
    const own = isAnswer && requestId !== undefined ? this.#awaited.get(requestId) : undefined;
    return own ?? (trace === undefined ? undefined : this.log.childOf(this.log.contextFromWire(trace)));
  }

  #await(requestId: bigint, context: TraceContext): void {
    this.#awaited.set(requestId, context);
    if (this.#awaited.size > REMEMBERED_REQUESTS) this.#awaited.delete(this.#awaited.keys().next().value!);
  }
}

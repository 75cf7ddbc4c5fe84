import { PERFECT_LINK, type LinkConditions } from './link-conditions.ts';
import { MemoryHost } from './memory-host.ts';
import { copyDeep, overwriteBytes } from './message-copy.ts';
import type { Address, NetworkClock, NetworkRandom } from './network-types.ts';

/** `lost`: by chance · `blocked`: partition or one-way link · `unreachable`: nobody is bound there. */
export type NetworkEventKind = 'sent' | 'delivered' | 'duplicated' | 'lost' | 'blocked' | 'unreachable';

/** One datagram's fate. `message` may be overwritten after the observer returns. */
export interface NetworkEvent<Message> {
  readonly kind: NetworkEventKind;
  readonly atMs: number;
  readonly from: Address;
  readonly to: Address;
  readonly message: Message;
}

export interface MemoryNetworkOptions<Message> {
  clock: NetworkClock;
  random: NetworkRandom;
  /** The size a message would have in bytes; handed to the receiver and counted by stream back-pressure. */
  sizeOf: (message: Message) => number;
  /** How every link behaves that `setLink` says nothing about. Default `PERFECT_LINK`. */
  link?: Partial<LinkConditions>;
  /**
   * What a receiver gets. `reused` (default): a copy whose bytes are overwritten as soon as the handler
   * returns, so that code which keeps views instead of copies fails its test. `copied`: a copy that stays.
   * `shared`: the sender's object itself, fastest, only for senders and receivers that never modify one.
   */
  delivery?: 'reused' | 'copied' | 'shared';
  /** A stream's `send` returns false from this many unread bytes on. Default 256 KiB. */
  highWaterBytes?: number;
  /** A stream that cannot be delivered for so long is lost. Default 15 000 ms. */
  giveUpMs?: number;
  observe?: (event: NetworkEvent<Message>) => void;
}

/** A network in memory, on virtual time: datagrams that suffer what real ones suffer, and reliable streams. */
export class MemoryNetwork<Message> {
  readonly clock: NetworkClock;
  readonly random: NetworkRandom;
  readonly sizeOf: (message: Message) => number;
  readonly highWaterBytes: number;
  readonly giveUpMs: number;
  /** Datagrams by fate. */
  readonly counts: Record<NetworkEventKind, number> = {
    sent: 0,
    delivered: 0,
    duplicated: 0,
    lost: 0,
    blocked: 0,
    unreachable: 0,
  };
  readonly #delivery: 'reused' | 'copied' | 'shared';
  readonly #observe: ((event: NetworkEvent<Message>) => void) | undefined;
  readonly #hosts = new Map<string, MemoryHost<Message>>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #links = new Map<string, LinkConditions>();
  readonly #blocked = new Set<string>();
  #default: LinkConditions;
  #groups: Map<string, number> | undefined;

  constructor(options: MemoryNetworkOptions<Message>) {
    this.clock = options.clock;
    this.random = options.random;
    this.sizeOf = options.sizeOf;
    this.highWaterBytes = options.highWaterBytes ?? 256 * 1024;
    this.giveUpMs = options.giveUpMs ?? 15_000;
    this.#delivery = options.delivery ?? 'reused';
    this.#observe = options.observe;
    this.#default = { ...PERFECT_LINK, ...options.link };
  }

  /**
   * Adds a machine with one IP address; it is a transport to bind nodes on. An address whose former
   * host has crashed can be taken again, which is how a machine restarts.
   */
  host(address: string): MemoryHost<Message> {
    const present = this.#hosts.get(address);
    if (present !== undefined && !present.crashed) throw new TypeError(`${address} is taken: choose another, or crash that host`);
    const host = new MemoryHost<Message>(this, address);
    this.#hosts.set(address, host);
    return host;
  }

  /** The running host at an address. */
  hostAt(address: string): MemoryHost<Message> | undefined {
    const host = this.#hosts.get(address);
    return host?.crashed === false ? host : undefined;
  }

  /** Gives a host name its addresses; none makes it unknown. */
  setName(name: string, addresses: readonly string[]): void {
    this.#names.set(name, addresses);
  }

  addressesOf(name: string): readonly string[] {
    return this.#names.get(name) ?? [];
  }

  /** Changes how links behave that have no conditions of their own. */
  setDefaultLink(change: Partial<LinkConditions>): void {
    this.#default = { ...this.#default, ...change };
  }

  /** Changes one direction between two IP addresses. */
  setLink(from: string, to: string, change: Partial<LinkConditions>): void {
    this.#links.set(`${from}>${to}`, { ...this.conditions(from, to), ...change });
  }

  conditions(from: string, to: string): LinkConditions {
    return this.#links.get(`${from}>${to}`) ?? this.#default;
  }

  /** Nothing passes from `from` to `to` any more; the other direction is untouched. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from}>${to}`);
  }

  /** Splits the network: only addresses of the same group reach each other; those in no group form one more. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.#groups = new Map();
    for (const [index, group] of groups.entries()) {
      for (const address of group) this.#groups.set(address, index);
    }
  }

  /** Ends the partition; one-way blocks stay. */
  heal(): void {
    this.#groups = undefined;
  }

  /** Whether the link lets anything pass now. */
  passes(from: string, to: string): boolean {
    if (this.#blocked.has(`${from}>${to}`)) return false;
    return this.#groups === undefined || this.#groups.get(from) === this.#groups.get(to);
  }

  /** What the sender hands over, as the receiver will see it. */
  take(message: Message): Message {
    return this.#delivery === 'shared' ? message : copyDeep(message);
  }

  /** Ends the receiver's loan of a message. */
  giveBack(message: Message): void {
    if (this.#delivery === 'reused') overwriteBytes(message);
  }

  /** Sends one datagram on its way. Delivery is decided when it arrives, loss when it leaves. */
  datagram(message: Message, from: Address, to: Address): void {
    const link = this.conditions(from.address, to.address);
    const { random } = this;
    this.#note('sent', message, from, to);
    if (random.float() < link.loss) return this.#note('lost', message, from, to);
    const copies = random.float() < link.duplication ? 2 : 1;
    if (copies === 2) this.#note('duplicated', message, from, to);
    for (let copy = 0; copy < copies; copy++) {
      const held = random.float() < link.reordering ? link.reorderDelayMs : 0;
      const carried = this.take(message);
      this.clock.setTimer(link.latencyMs(random) + held, () => this.#arrive(carried, from, to));
    }
  }

  #arrive(message: Message, from: Address, to: Address): void {
    if (!this.passes(from.address, to.address)) return this.#note('blocked', message, from, to);
    const endpoint = this.hostAt(to.address)?.endpointAt(to.port);
    if (endpoint === undefined) return this.#note('unreachable', message, from, to);
    this.#note('delivered', message, from, to);
    endpoint.handlers.onPacket(message, { ...from }, this.sizeOf(message));
    this.giveBack(message);
  }

  #note(kind: NetworkEventKind, message: Message, from: Address, to: Address): void {
    this.counts[kind] += 1;
    this.#observe?.({ kind, atMs: this.clock.monotonic(), from, to, message });
  }
}

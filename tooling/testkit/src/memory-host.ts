import { MemoryEndpoint } from './memory-endpoint.ts';
import { MemoryNetworkError } from './memory-network-error.ts';
import type { MemoryNetwork } from './memory-network.ts';
import type { EndpointHandlers } from './network-types.ts';

const FIRST_FREE_PORT = 20_000;
const LAST_PORT = 65_534;

/** One machine of a memory network: the transport that is given to a node. */
export class MemoryHost<Message> {
  readonly address: string;
  readonly #network: MemoryNetwork<Message>;
  readonly #endpoints = new Map<number, MemoryEndpoint<Message>>();
  #nextPort = FIRST_FREE_PORT;
  #nextDialPort = 50_000;
  #crashed = false;

  /** Made by `MemoryNetwork.host`. */
  constructor(network: MemoryNetwork<Message>, address: string) {
    this.#network = network;
    this.address = address;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /**
   * Binds a port on this host. `listen` is `host:port`; the host part is this host's address or an
   * unspecified one, port 0 picks a free one.
   * Rejects with NODE_ADDRESS_IN_USE, NODE_LISTEN_FAILED.
   */
  async bind(listen: string, handlers: EndpointHandlers<Message>): Promise<MemoryEndpoint<Message>> {
    const colon = listen.lastIndexOf(':');
    const hostPart = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    const portPart = Number(listen.slice(colon + 1));
    const mine = ['', '::', '0.0.0.0', this.address].includes(hostPart);
    if (colon < 0 || !mine || !Number.isInteger(portPart) || portPart < 0 || portPart > LAST_PORT || this.#crashed) {
      throw new MemoryNetworkError('NODE_LISTEN_FAILED', `cannot listen on ${listen} at host ${this.address}`);
    }
    const port = portPart === 0 ? this.#freePort() : portPart;
    if (this.#endpoints.has(port)) throw new MemoryNetworkError('NODE_ADDRESS_IN_USE', `port ${port} of ${this.address} is taken`);
    const endpoint = new MemoryEndpoint<Message>(this.#network, this, port, handlers);
    this.#endpoints.set(port, endpoint);
    return endpoint;
  }

  /** The addresses of a name that `MemoryNetwork.setName` knows, or the literal itself. */
  async resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    if (host.includes(':') || /^[\d.]+$/.test(host)) return [host];
    const addresses = this.#network.addressesOf(host);
    if (addresses.length === 0) throw new MemoryNetworkError('NODE_CONNECT_FAILED', `${host} has no address`);
    return addresses;
  }

  /**
   * Power off: its endpoints and connections stop without a word to anybody. The other side notices
   * by silence, or by a reset when a new host took the address and is sent to.
   */
  crash(): void {
    this.#crashed = true;
    this.#endpoints.clear();
  }

  endpointAt(port: number): MemoryEndpoint<Message> | undefined {
    return this.#endpoints.get(port);
  }

  release(port: number): void {
    this.#endpoints.delete(port);
  }

  /** A port for an outgoing connection. */
  dialPort(): number {
    return (this.#nextDialPort += 1);
  }

  #freePort(): number {
    while (this.#endpoints.has(this.#nextPort)) this.#nextPort += 2;
    return this.#nextPort;
  }
}

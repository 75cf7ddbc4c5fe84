import type { AddrPort } from '@p2p/dave-wire';

/**
 * A map by address and port. Every packet is looked up by its source, so no key is put together for
 * it: a hash of the address text is enough, hosts with several ports get a map of their own.
 */
export class AddressMap<T extends { readonly address: AddrPort }> {
  readonly #byHost = new Map<string, T | Map<number, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(at: AddrPort): T | undefined {
    const found = this.#byHost.get(at.address);
    if (found instanceof Map) return found.get(at.port);
    return found !== undefined && found.address.port === at.port ? found : undefined;
  }

  /** Adds an item, or replaces the one at its address. */
  add(item: T): void {
    const { address, port } = item.address;
    const found = this.#byHost.get(address);
    if (found === undefined) {
      this.#byHost.set(address, item);
      this.#size++;
    } else if (found instanceof Map) {
      if (!found.has(port)) this.#size++;
      found.set(port, item);
    } else if (found.address.port === port) {
      this.#byHost.set(address, item);
    } else {
      this.#byHost.set(address, new Map([[found.address.port, found], [port, item]]));
      this.#size++;
    }
  }

  /** Takes an item out. False when the map holds another one, or none, at its address. */
  delete(item: T): boolean {
    const { address, port } = item.address;
    if (this.get(item.address) !== item) return false;
    const found = this.#byHost.get(address);
    if (found instanceof Map && found.size > 1) found.delete(port);
    else this.#byHost.delete(address);
    this.#size--;
    return true;
  }

  *values(): Generator<T, void, undefined> {
    for (const found of this.#byHost.values()) {
      if (found instanceof Map) yield* found.values();
      else yield found;
    }
  }
}

/** Interns network names and counts the peers of each. 0 stands for "counts for no network". */
export class NetworkLedger {
  readonly #numbers = new Map<string | number, number>();
  readonly #names: (string | number)[] = [''];
  readonly #counts: number[] = [0];
  readonly #free: number[] = [];

  /** Networks that have a peer. */
  get size(): number {
    return this.#numbers.size;
  }

  countOf(network: number): number {
    return this.#counts[network]!;
  }

  /** Counts one more peer and returns the network's number; undefined counts nowhere. */
  enter(name: string | number | undefined): number {
    if (name === undefined) return 0;
    let network = this.#numbers.get(name);
    if (network === undefined) {
      network = this.#free.pop() ?? this.#counts.length;
      this.#numbers.set(name, network);
      this.#names[network] = name;
      this.#counts[network] = 0;
    }
    this.#counts[network]! += 1;
    return network;
  }

  leave(network: number): void {
    if (network === 0) return;
    this.#counts[network]! -= 1;
    if (this.#counts[network] !== 0) return;
    this.#numbers.delete(this.#names[network]!);
    this.#free.push(network);
  }
}

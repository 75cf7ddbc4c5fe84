/** Work over the same thing, one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does `work` when whatever was asked for before under this name has ended, well or not. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const own = Promise.allSettled([before]).then(work);
    this.#last.set(name, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(name) === own) this.#last.delete(name);
    }
  }
}

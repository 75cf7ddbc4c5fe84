/** Work goes on for this long before other tasks get their turn. */
const SLICE_MS = 2;

/** Keeps long work from blocking the event loop. */
export class Breather {
  #since: number = performance.now();

  /** Lets other tasks run if the last pause is too long ago. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.#since = performance.now();
  }
}

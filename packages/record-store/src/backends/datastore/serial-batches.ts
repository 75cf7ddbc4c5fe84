/** Work that waits for its turn. */
interface Waiting<Job> {
  readonly job: Job;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MAX_BATCH = 1024;

/** One batch at a time; whatever is asked for while one is under way makes up the next. */
export class SerialBatches<Job> {
  readonly #run: (jobs: readonly Job[]) => Promise<void>;
  #waiting: Waiting<Job>[] = [];
  #running: Promise<void> | undefined;

  /** `run` does all jobs or rejects for all. */
  constructor(run: (jobs: readonly Job[]) => Promise<void>) {
    this.#run = run;
  }

  /** Resolves when a batch with this job is done. */
  add(job: Job): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #drain(): Promise<void> {
    // Calls of the same tick go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#run(batch.map(({ job }) => job));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }
}

import type { Clock, Timer } from '../env.ts';

export interface MaintenancePeriods {
  readonly saveEveryMs: number;
  readonly rescoreEveryMs: number;
  readonly cleanupEveryMs: number;
}

export interface MaintenanceWork {
  save(): Promise<void>;
  rescore(): void;
  cleanUp(): void;
  /** A save that failed in the background; it is tried again at its next time. */
  onError(error: unknown): void;
}

/** Three periodic jobs. Each sets its timer again only when it is done, so none overlaps itself. */
export class Maintenance {
  readonly #clock: Clock;
  readonly #work: MaintenanceWork;
  readonly #timers = new Map<string, Timer>();
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(clock: Clock, periods: MaintenancePeriods, work: MaintenanceWork) {
    this.#clock = clock;
    this.#work = work;
    this.#repeat('save', periods.saveEveryMs, () => work.save());
    this.#repeat('rescore', periods.rescoreEveryMs, async () => work.rescore());
    this.#repeat('cleanUp', periods.cleanupEveryMs, async () => work.cleanUp());
  }

  /** Ends the jobs, waits for one that runs, and saves. Failures of that save are reported like those before. */
  async stop(): Promise<void> {
    if (this.#isStopped) return await this.#running;
    this.#isStopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#enqueue(() => this.#work.save());
    await this.#running;
  }

  #repeat(name: string, periodMs: number, job: () => Promise<void>): void {
    const start = (): void => {
      this.#timers.set(
        name,
        this.#clock.setTimer(periodMs, () => {
          this.#enqueue(job);
          this.#enqueue(async () => {
            if (!this.#isStopped) start();
          });
        }),
      );
    };
    start();
  }

  /** One job at a time. */
  #enqueue(job: () => Promise<void>): void {
    this.#running = this.#running.then(job).catch((error: unknown) => this.#work.onError(error));
  }
}

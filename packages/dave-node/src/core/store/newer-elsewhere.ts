import { nameText, type DatName } from './dat-record.ts';

/** Names that are looked up at a time: gets of others come in between. */
const AT_ONCE = 64;

/** Keys of which others who share the record store have put newer entries: these are taken over, some at a time. */
export class NewerElsewhere {
  readonly #take: (name: DatName) => Promise<void>;
  readonly #limit: number;
  readonly #names = new Map<string, DatName>();
  #isRunning = false;

  /** @param take Rejects when the record store fails: what waits then goes on with the next that is added. @param limit More than so many are not kept in mind. */
  constructor(take: (name: DatName) => Promise<void>, limit: number) {
    this.#take = take;
    this.#limit = limit;
  }

  add(name: DatName): void {
    if (this.#names.size < this.#limit) this.#names.set(nameText(name), name);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    let hasFailed = false;
    while (this.#names.size > 0 && !hasFailed) {
      const slice = [...this.#names].slice(0, AT_ONCE);
      const results = await Promise.allSettled(slice.map(([, name]) => this.#take(name)));
      for (const [at, { status }] of results.entries()) {
        if (status === 'fulfilled') this.#names.delete(slice[at]![0]);
        else hasFailed = true;
      }
    }
    this.#isRunning = false;
  }
}

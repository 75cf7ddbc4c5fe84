import { RecentMap } from './recent-map.ts';

/** Go peers refuse dats that are ahead of their clock by any amount, and clocks differ. */
const CLOCK_ALLOWANCE_MS = 2000;

/** The last time each author has used, so that two dats of one author never share a time. Remembers at least the `capacity` most recent authors. */
export class AuthorTimes {
  readonly #last: RecentMap<string, number>;

  constructor(capacity: number) {
    this.#last = new RecentMap(capacity);
  }

  /** Takes max(now − 2 s, last + 1) for `publicKey`. */
  take(publicKey: Uint8Array, now: number): number {
    const last = this.#last.get(nameOf(publicKey)) ?? -1;
    const time = Math.max(0, Math.floor(now) - CLOCK_ALLOWANCE_MS, last + 1);
    this.#last.set(nameOf(publicKey), time);
    return time;
  }

  /** Records a time that the caller has chosen. */
  note(publicKey: Uint8Array, time: number): void {
    const last = this.#last.get(nameOf(publicKey)) ?? -1;
    if (time > last) this.#last.set(nameOf(publicKey), time);
  }
}

function nameOf(publicKey: Uint8Array): string {
  return String.fromCharCode(...publicKey);
}

import { RecentMap } from './recent-map.ts';

/** Go peers refuse dats that are ahead of their clock by any amount, and clocks differ. */
const CLOCK_ALLOWANCE_MS = 2000;
/** What is left of the allowance to an author who signs faster than a dat per millisecond. */
const LEAST_ALLOWANCE_MS = 1000;
/** Keys remembered at one time of one author. */
const MOST_KEYS = 64;

interface Author {
  time: number;
  /** The keys that were given `time`. */
  readonly keys: Set<string>;
}

/**
 * The last time that each author has used. Times of one author never go back, those of one key always
 * grow, and two keys share a time only where an author is so fast that its times would come too close
 * to the clock. Remembers at least the `capacity` most recent authors.
 */
export class AuthorTimes {
  readonly #authors: RecentMap<string, Author>;

  constructor(capacity: number) {
    this.#authors = new RecentMap(capacity);
  }

  /** Takes max(now − 2 s, last + 1) for a dat of `publicKey`, or while that is above now − 1 s, the larger of this and last. */
  take(publicKey: Uint8Array, key: string, now: number): number {
    const clock = Math.floor(now);
    const author = this.#author(publicKey);
    const { time: last, keys } = author;
    let time = Math.max(0, clock - CLOCK_ALLOWANCE_MS, last + 1);
    if (time > clock - LEAST_ALLOWANCE_MS && last >= 0) {
      time = Math.max(last, clock - LEAST_ALLOWANCE_MS);
      if (time === last && (keys.has(key) || keys.size >= MOST_KEYS)) time = last + 1;
    }
    use(author, key, time);
    return time;
  }

  /** Records a time that the caller has chosen. */
  note(publicKey: Uint8Array, key: string, time: number): void {
    const author = this.#author(publicKey);
    if (time >= author.time) use(author, key, time);
  }

  #author(publicKey: Uint8Array): Author {
    const name = nameOf(publicKey);
    let author = this.#authors.get(name);
    if (author === undefined) this.#authors.set(name, (author = { time: -1, keys: new Set() }));
    return author;
  }
}

function use(author: Author, key: string, time: number): void {
  if (time !== author.time || author.keys.size >= MOST_KEYS) author.keys.clear();
  author.keys.add(key);
  author.time = time;
}

/** A loop over codes: spreading 32 arguments took 2 µs, a tenth of a signature. */
function nameOf(publicKey: Uint8Array): string {
  let name = '';
  for (const byte of publicKey) name += String.fromCharCode(byte);
  return name;
}

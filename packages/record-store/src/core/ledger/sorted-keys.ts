import { bytesText } from '../bytes.ts';
import type { ValueEntry } from './entries.ts';

const RUN = 4096;

/** The sorted texts among which a merge picks. */
interface Run {
  readonly texts: readonly string[];
  at: number;
}

/**
 * The texts in ascending order. A snapshot in memory, sorted a run at a time with `pause` between runs,
 * and merged while it is read: no step of it takes more than some ms.
 * @param limit With a finite one only so many of the smallest are kept.
 */
export async function* sortedKeys(texts: Iterable<string>, limit: number, pause: () => Promise<void>): AsyncGenerator<string> {
  const runs: Run[] = [];
  const runLength = Math.max(RUN, 2 * Math.min(limit, Number.MAX_SAFE_INTEGER / 4));
  const bounded = runLength < 16 * RUN;
  let run: string[] = [];
  let since = 0;
  for (const text of texts) {
    run.push(text);
    since += 1;
    if (run.length === (bounded ? runLength : RUN)) {
      run.sort();
      if (bounded) run = run.slice(0, limit);
      else {
        runs.push({ texts: run, at: 0 });
        run = [];
      }
    }
    if (since >= RUN) {
      since = 0;
      await pause();
    }
  }
  run.sort();
  if (run.length > 0) runs.push({ texts: run, at: 0 });
  yield* merge(runs);
}

function* merge(runs: Run[]): Generator<string> {
  // A binary heap of runs by the text that each offers next.
  const heap = runs.sort((one, other) => (one.texts[0]! < other.texts[0]! ? -1 : 1));
  while (heap.length > 0) {
    const first = heap[0]!;
    yield first.texts[first.at]!;
    first.at += 1;
    if (first.at === first.texts.length) {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    sink(heap);
  }
}

function sink(heap: Run[]): void {
  const moving = heap[0]!;
  const text = moving.texts[moving.at]!;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const right = heap[child + 1];
    if (right !== undefined && right.texts[right.at]! < heap[child]!.texts[heap[child]!.at]!) child += 1;
    const below = heap[child]!;
    if (text <= below.texts[below.at]!) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = moving;
}

/** The keys that a scan wants, in no order. */
export function* selectedKeys(values: ReadonlyMap<string, ValueEntry>, prefix: Uint8Array | undefined, after: Uint8Array | undefined, now: number): Generator<string> {
  const start = prefix === undefined ? '' : bytesText(prefix);
  const greaterThan = after === undefined ? '' : bytesText(after);
  for (const [text, entry] of values) if (entry.expires > now && text > greaterThan && text.startsWith(start)) yield text;
}

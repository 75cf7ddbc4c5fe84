import type { RecordStore } from '@p2p/record-store';

/** What the writing process does, so that both sides know what must be there after which step. */
export const KEYS = 60;

export interface Step {
  /** Key number to the text that is put, or undefined for a removal. */
  readonly writes: ReadonlyMap<number, string | undefined>;
  /** Provider numbers that are added under this step's topic. */
  readonly providers: readonly number[];
}

/** Steps whose parts are all under way at once; some values are too long for a page. */
export function script(steps: number): Step[] {
  const all: Step[] = [];
  for (let step = 0; step < steps; step++) {
    const writes = new Map<number, string | undefined>();
    for (let at = 0; at < 12; at++) {
      const key = (step * 7 + at * 5) % KEYS;
      const removed = (step + at) % 6 === 5;
      writes.set(key, removed ? undefined : `${step}.${at} `.repeat(1 + ((step * 31 + at * 17) % 40) * (at === 3 ? 40 : 6)));
    }
    all.push({ writes, providers: [step % 4, 10 + (step % 3)] });
  }
  return all;
}

export function keyOf(number: number): Uint8Array {
  return new TextEncoder().encode(`key ${number}`);
}

export function idOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number + 1);
}

/** Does one step and resolves when all of it was acknowledged. */
export async function run(store: RecordStore, step: Step): Promise<void> {
  await Promise.all([
    ...[...step.writes].map(([key, text]) => (text === undefined ? store.remove(keyOf(key)) : store.put({ key: keyOf(key), value: new TextEncoder().encode(text) }))),
    ...step.providers.map((number) => store.addProvider({ key: keyOf(0), provider: idOf(number), addresses: ['198.51.100.7:4001'] }, { origin: `o${number}` })),
  ]);
}

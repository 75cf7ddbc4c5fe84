/** 1 KiB values under 32-byte keys, all made before anything is timed. */
export function recordsOf(count: number, round: number = 0): { key: Uint8Array; value: Uint8Array }[] {
  return Array.from({ length: count }, (_, at) => {
    const key = new Uint8Array(32);
    const view = new DataView(key.buffer);
    view.setUint32(0, Math.imul(at + 1, 0x9e37_79b1));
    view.setUint32(4, at);
    const value = new Uint8Array(1024).fill(round);
    new DataView(value.buffer).setUint32(0, at);
    return { key, value };
  });
}

/** Seconds that `work` takes. */
export async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The middle one. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Keeps `inFlight` calls under way until all items are through: each that ends makes room for the next. */
export async function pipelined<T>(items: readonly T[], inFlight: number, call: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await call(items[next++]!);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, lane));
}

/** 12 345 as `12.3k`. */
export function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(2)}M` : `${(perSecond / 1e3).toFixed(perSecond < 1e4 ? 2 : 1)}k`;
}

/** What is measured. */
export interface Subject {
  put(key: Uint8Array, value: Uint8Array): Promise<unknown>;
  get(key: Uint8Array): Promise<unknown>;
  /** Many open files would measure how fast the system hands out memory. */
  close(): Promise<unknown>;
}

import { verifyDat } from '@p2p/dave-wire';
import type { RecordStore } from '@p2p/record-store';
import { entryIn, recordKeyOf } from './dat-records.ts';

/** Dats verified at a time. */
const SLICE = 128;

/** Records that are dats filed where they belong; with `deep`, whose work and signature are right too. */
export async function verifyRecords(
  records: Pick<RecordStore, 'records'>,
  options: { deep: boolean; onProgress: (done: number) => void; signal: AbortSignal },
): Promise<{ records: number; invalidDats: number }> {
  const { deep, onProgress, signal } = options;
  let count = 0;
  let invalidDats = 0;
  let checks: Promise<boolean>[] = [];
  const settle = async (): Promise<void> => {
    for (const valid of await Promise.all(checks)) if (!valid) invalidDats += 1;
    checks = [];
    onProgress(count);
  };
  for await (const { key, value } of records.records({ includeExpired: true, signal })) {
    count += 1;
    const entry = entryIn(value);
    if (entry === undefined || Buffer.compare(recordKeyOf(entry.dat), key) !== 0) invalidDats += 1;
    // A dat was verified when it came; a clock that was set back since does not make it invalid.
    else if (deep) checks.push(verifyDat(entry.dat, { now: Math.max(Date.now(), entry.dat.time) }).then(({ valid }) => valid));
    if (checks.length >= SLICE) await settle();
    else if (!deep && count % 1024 === 0) onProgress(count);
  }
  await settle();
  return { records: count, invalidDats };
}

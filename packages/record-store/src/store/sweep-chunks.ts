import { TRACE } from '@p2p/trace';
import type { RecordEngine } from '../core/engine.ts';
import type { Settings } from '../core/settings.ts';
import type { SweepResult } from '../types.ts';

/** Entries that one chunk removes at most. */
const SWEEP_CHUNK = 2048;

type SweepSettings = Pick<Settings, 'clock' | 'trace'>;

/** Removes what is expired, chunk by chunk, with a pause after each, until there is no more or the budget is used up. */
export function sweepChunks(engine: RecordEngine, settings: SweepSettings, budget: number, pause: () => Promise<void>, signal: AbortSignal | undefined): Promise<SweepResult> {
  const sweep = (): Promise<SweepResult> => sweepAll(engine, settings, budget, pause, signal);
  if (TRACE && settings.trace !== undefined) return settings.trace('records.sweep', sweep);
  return sweep();
}

async function sweepAll(engine: RecordEngine, { clock }: SweepSettings, budget: number, pause: () => Promise<void>, signal: AbortSignal | undefined): Promise<SweepResult> {
  const swept: SweepResult = { records: 0, providers: 0, bytes: 0, more: true };
  for (let left = budget; left > 0; left = budget - swept.records - swept.providers) {
    const chunk = await engine.expire(clock.now(), Math.min(SWEEP_CHUNK, left), signal);
    swept.records += chunk.records;
    swept.providers += chunk.providers;
    swept.bytes += chunk.bytes;
    swept.more = chunk.more;
    if (!swept.more) break;
    await pause();
    signal?.throwIfAborted();
  }
  return swept;
}

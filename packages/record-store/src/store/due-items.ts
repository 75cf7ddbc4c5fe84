import { copyBytes } from '../core/bytes.ts';
import type { RecordEngine } from '../core/engine.ts';
import { providerRecord, valueRecord } from '../core/records-out.ts';
import { compareDue, fromToken, toToken, type DueAt, type DueKind, type Schedule } from '../core/schedule.ts';
import type { StoredMeta } from '../core/stored.ts';
import type { Clock } from '../env.ts';
import type { DueOptions, RepublishItem } from '../types.ts';

export interface DueParts {
  readonly engine: RecordEngine;
  readonly schedule: Schedule;
  readonly clock: Clock;
  readonly checkOpen: () => void;
}

/** The schedule's items up to `before`: one pass over what is stored, then each item as it is when its turn comes. */
export function dueItems(before: number, options: DueOptions, parts: DueParts): AsyncIterable<RepublishItem> {
  if (!Number.isFinite(before)) throw new TypeError('before must be Unix ms');
  const { limit = Number.POSITIVE_INFINITY } = options;
  if (!(limit >= 0)) throw new TypeError('limit must be a number >= 0');
  const after = options.after === undefined ? undefined : fromToken(options.after);
  return items(Math.floor(before), after, limit, options.signal, parts);
}

async function* items(before: number, after: DueAt | undefined, limit: number, signal: AbortSignal | undefined, parts: DueParts): AsyncIterable<RepublishItem> {
  const { engine, schedule, clock, checkOpen } = parts;
  checkOpen();
  if (limit < 1) return;
  let found: DueAt[] = [];
  const consider = (kind: DueKind, key: Uint8Array, entry: StoredMeta): void => {
    const dueMs = schedule.lastDue(kind, key, entry, before);
    if (dueMs === undefined || entry.expires <= clock.now() || (after !== undefined && compareDue({ dueMs, kind, key }, after) <= 0)) return;
    found.push({ dueMs, kind, key: copyBytes(key) });
    // Keeps no more in memory than what may still be asked for.
    if (found.length >= 2 * limit + 1024) found = found.sort(compareDue).slice(0, limit);
  };
  for await (const stored of engine.scanValues({ prefix: undefined, after: undefined, limit: Number.POSITIVE_INFINITY, now: clock.now(), signal })) {
    checkOpen();
    consider(stored.local ? 'publish' : 'replicate', stored.key, stored);
  }
  for await (const stored of engine.scanProvided(signal)) {
    checkOpen();
    consider('provide', stored.key, stored);
  }
  for (const at of found.sort(compareDue).slice(0, limit)) {
    checkOpen();
    const token = toToken(at);
    const now = clock.now();
    if (at.kind === 'provide') {
      const stored = (await engine.providersOf(at.key, signal)).find(({ local, expires }) => local && expires > now);
      if (stored !== undefined) yield { kind: at.kind, provider: providerRecord(stored, false), dueMs: at.dueMs, token };
    } else {
      const stored = await engine.getValue(at.key, signal);
      if (stored !== undefined && stored.expires > now) yield { kind: at.kind, record: valueRecord(stored, false), dueMs: at.dueMs, token };
    }
  }
}

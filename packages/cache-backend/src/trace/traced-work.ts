import type { EventLog } from '@p2p/trace';
import type { CacheBackend } from '../types.ts';

/** Does `work` within a span that is a trace of its own. A rejection ends it as one that failed. */
export function traceWork<T>(log: EventLog | undefined, name: string, work: () => Promise<T>): Promise<T> {
  if (log === undefined) return work();
  const context = log.newTrace();
  log.spanStart(context, undefined, name);
  const end = (ok: boolean): void => log.spanEnd(context, undefined, name, ok);
  const result = work();
  result.then(
    () => end(true),
    () => end(false),
  );
  return result;
}

/** From here on, calls of these are spans, those of `pruner` too: limits have it prune in the background. */
export function traceCache(log: EventLog, cache: CacheBackend, pruner: Pick<CacheBackend, 'prune'>): void {
  traceMethods(log, pruner, { prune: 'cache.prune' });
  traceMethods(log, cache, {
    get: 'cache.get',
    put: 'cache.put',
    invalidate: 'cache.invalidate',
    pin: 'cache.pin',
    unpin: 'cache.unpin',
    stats: 'cache.stats',
    verify: 'cache.verify',
    repair: 'cache.repair',
    lockBuild: 'cache.lockBuild',
    close: 'cache.close',
  });
}

function traceMethods<T extends object>(log: EventLog, target: T, spans: { readonly [K in keyof T]?: string }): void {
  for (const [name, span] of Object.entries(spans) as [keyof T & string, string][]) {
    const method = target[name] as (...args: unknown[]) => Promise<unknown>;
    const value = (...args: unknown[]): Promise<unknown> => traceWork(log, span, () => method.apply(target, args));
    // As invisible as the method that it stands before.
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
}

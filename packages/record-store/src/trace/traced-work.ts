import type { EventLog } from '@p2p/trace';

/** Does `work` within a span that is a trace of its own. A rejection ends it as one that failed. */
export type TracedWork = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Engines are given it with the settings, so that no build without tracing has a use for it. */
export function tracedWork(log: EventLog | undefined): TracedWork | undefined {
  if (log === undefined) return undefined;
  return (name, work) => {
    const context = log.newTrace();
    log.spanStart(context, undefined, name);
    const end = (ok: boolean): void => log.spanEnd(context, undefined, name, ok);
    const result = work();
    result.then(
      () => end(true),
      () => end(false),
    );
    return result;
  };
}

import type { EventLog, TraceContext } from '@p2p/trace';

/** What is traced: a file that one load or save at a time works on. */
interface TracedStore {
  readonly traceLog: EventLog | undefined;
  traceContext: TraceContext | undefined;
}

/** Does `work` within a span that is a trace of its own, or a child of `parent`. A rejection ends it as one that failed. */
export function traceWork<T>(log: EventLog | undefined, name: string, work: (context: TraceContext | undefined) => Promise<T>, parent?: TraceContext): Promise<T> {
  if (log === undefined) return work(undefined);
  const context = parent === undefined ? log.newTrace() : log.childOf(parent);
  log.spanStart(context, undefined, name);
  const end = (ok: boolean): void => log.spanEnd(context, undefined, name, ok);
  const result = work(context);
  result.then(
    () => end(true),
    () => end(false),
  );
  return result;
}

/** A load or save of the file: what is done for it meanwhile finds its context in the store. */
export function traceStore<T>(store: TracedStore, name: string, work: () => Promise<T>): Promise<T> {
  return traceWork(store.traceLog, name, async (context) => {
    store.traceContext = context;
    try {
      return await work();
    } finally {
      store.traceContext = undefined;
    }
  });
}

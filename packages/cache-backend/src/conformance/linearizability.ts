/** One call on one key: what it was, what came back, and when it began and ended, on one clock for all callers. */
export interface KeyOperation {
  readonly startedAt: number;
  readonly endedAt: number;
  /** `put` of a value; `get` that saw a value, or undefined for a miss; `invalidate` and whether there was something; `evict` by a prune. */
  readonly call: { readonly type: 'put'; readonly value: string } | { readonly type: 'get'; readonly value: string | undefined } | { readonly type: 'invalidate'; readonly found: boolean } | { readonly type: 'evict' };
}

interface Configuration {
  readonly state: string | undefined;
  /** Calls under way that have taken effect, as a set of indices in order. */
  readonly done: string;
}

/**
 * Whether the calls on one key can be put in an order in which each takes effect at one moment between its begin and its
 * end, and each saw what was there. Returns undefined when they can, else the first call that fits nowhere.
 *
 * Just-in-time linearization (Lowe, "Testing for linearizability", 2017): configurations are kept for every moment, and
 * when a call returns only those in which it has taken effect go on.
 */
export function findUnlinearizable(operations: readonly KeyOperation[]): KeyOperation | undefined {
  const events = operations
    .flatMap((operation, index) => [
      { at: operation.startedAt, isEnd: false, index },
      { at: operation.endedAt, isEnd: true, index },
    ])
    // Begins before ends at the same moment: they overlap.
    .sort((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd));
  const open = new Set<number>();
  let configurations = new Map<string, Configuration>([['\0', { state: undefined, done: '' }]]);
  for (const { isEnd, index } of events) {
    if (!isEnd) {
      open.add(index);
      continue;
    }
    configurations = linearize(operations, open, configurations, index);
    if (configurations.size === 0) return operations[index];
    open.delete(index);
  }
  return undefined;
}

function linearize(operations: readonly KeyOperation[], open: ReadonlySet<number>, from: ReadonlyMap<string, Configuration>, ending: number): Map<string, Configuration> {
  const result = new Map<string, Configuration>();
  const seen = new Set<string>();
  const queue = Array.from(from.values());
  for (let configuration = queue.pop(); configuration !== undefined; configuration = queue.pop()) {
    const done = new Set(configuration.done === '' ? [] : configuration.done.split(',').map(Number));
    if (done.has(ending)) {
      done.delete(ending);
      add(result, configuration.state, done);
      continue;
    }
    for (const index of open) {
      const operation = operations[index];
      if (operation === undefined || done.has(index)) continue;
      const next = apply(configuration.state, operation);
      if (next === undefined) continue;
      const followed = new Set(done).add(index);
      const made = { state: next.state, done: text(followed) };
      const mark = `${made.state ?? '\0'}|${made.done}`;
      if (seen.has(mark)) continue;
      seen.add(mark);
      queue.push(made);
    }
  }
  return result;
}

function add(result: Map<string, Configuration>, state: string | undefined, done: ReadonlySet<number>): void {
  const configuration = { state, done: text(done) };
  result.set(`${state ?? '\0'}|${configuration.done}`, configuration);
}

function text(set: ReadonlySet<number>): string {
  return Array.from(set).sort((a, b) => a - b).join(',');
}

/** The state after a call, or undefined when the call could not have come back like that. */
function apply(state: string | undefined, { call }: KeyOperation): { state: string | undefined } | undefined {
  switch (call.type) {
    case 'put':
      return { state: call.value };
    case 'get':
      return call.value === state ? { state } : undefined;
    case 'invalidate':
      return call.found === (state !== undefined) ? { state: undefined } : undefined;
    default:
      return state === undefined ? undefined : { state: undefined };
  }
}

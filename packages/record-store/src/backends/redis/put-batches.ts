import type { Admission } from '../../core/admit.ts';
import { copyBytes } from '../../core/bytes.ts';
import type { EngineReport } from '../../core/engine.ts';
import type { Caps } from '../../limits.ts';
import type { RedisArgument } from './redis-client.ts';
import { toRecordStoreError, type RedisConnection } from './redis-connection.ts';
import { capArguments, reportChanges, toText, type ScriptAnswer } from './script-arguments.ts';
import { PUT_SCRIPT } from './script-put.ts';

/** Puts in one script: it blocks the server for about 20 µs each. */
const MAX_PUTS = 32;
const MAX_BATCH_BYTES = 256 * 1024;

interface WaitingPut {
  readonly args: readonly RedisArgument[];
  readonly bytes: number;
  readonly now: number;
  readonly resolve: (admission: Admission) => void;
  readonly reject: (error: unknown) => void;
}

/** Puts of the same tick of the event loop share a script call, which halves what the server does for each. */
export class PutBatches {
  readonly #connection: RedisConnection;
  readonly #caps: Caps;
  readonly #report: EngineReport;
  readonly #flying = new Set<Promise<void>>();
  #waiting: WaitingPut[] = [];

  constructor(connection: RedisConnection, caps: Caps, report: EngineReport) {
    this.#connection = connection;
    this.#caps = caps;
    this.#report = report;
  }

  add(key: Uint8Array, row: Uint8Array, ifVersion: Uint8Array | 'absent' | undefined, now: number, signal: AbortSignal | undefined): Promise<Admission> {
    const args: RedisArgument[] = [copyBytes(key), row, ifVersion === undefined ? '0' : ifVersion === 'absent' ? '1' : '2', ifVersion instanceof Uint8Array ? copyBytes(ifVersion) : ''];
    const put = new Promise<Admission>((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ args, bytes: row.length, now, resolve, reject });
    });
    return signal === undefined ? put : abortable(put, signal);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0 || this.#flying.size > 0) await Promise.all([...this.#flying, Promise.resolve()]);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; ) {
      let to = from;
      for (let bytes = 0; to < waiting.length && to - from < MAX_PUTS && (to === from || bytes + waiting[to]!.bytes <= MAX_BATCH_BYTES); to++) bytes += waiting[to]!.bytes;
      const flight = this.#send(waiting.slice(from, to)).finally(() => this.#flying.delete(flight));
      this.#flying.add(flight);
      from = to;
    }
  }

  async #send(puts: readonly WaitingPut[]): Promise<void> {
    try {
      const args = [...capArguments(Math.max(...puts.map(({ now }) => now)), this.#caps), ...puts.flatMap(({ args: own }) => own)];
      const [outcomes, evicted, usage] = (await this.#connection.run(PUT_SCRIPT, args, undefined)) as ScriptAnswer<unknown[]>;
      reportChanges(this.#report, evicted, usage);
      for (const [at, { resolve, reject }] of puts.entries()) {
        const outcome = toText(outcomes[at]);
        if (outcome.startsWith('!')) reject(toRecordStoreError(new Error(outcome.slice(1))));
        else resolve(outcome as Admission);
      }
    } catch (error) {
      for (const { reject } of puts) reject(error);
    }
  }
}

/** Rejects with the signal's reason; the put may happen all the same. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        abort = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', abort, { once: true });
      }),
    ]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

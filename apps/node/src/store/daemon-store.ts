import { ClientError } from '../client/client.ts';
import { askDaemon } from '../control/ask-daemon.ts';
import { streamDaemon } from '../control/stream-daemon.ts';
import type { CompactReport, RestoreReport, StoreReport, StoreTasks, TaskOptions, TaskProgress, VerifyReport } from './store-tasks.ts';

const ANSWER_MS = 10_000;

/** The store of a daemon, through its control socket. */
export class DaemonStore implements StoreTasks {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async stats(signal: AbortSignal): Promise<StoreReport> {
    return (await askDaemon(this.#socketPath, { method: 'GET', path: '/v1/store', timeoutMs: ANSWER_MS, signal })) as StoreReport;
  }

  verify({ deep, salvage, ...options }: TaskOptions & { deep: boolean; salvage: boolean }): Promise<VerifyReport> {
    return this.#task<VerifyReport>(`/v1/store/verify?deep=${deep}&salvage=${salvage}`, options);
  }

  compact(options: TaskOptions): Promise<CompactReport> {
    return this.#task<CompactReport>('/v1/store/compact', options);
  }

  async *backup({ onProgress, onLeftOut, signal }: TaskOptions & { onLeftOut(records: number): void }): AsyncIterable<Uint8Array> {
    let done = 0;
    for await (const chunk of streamDaemon(this.#socketPath, { method: 'GET', path: '/v1/store/backup', signal })) {
      yield chunk;
      done += chunk.length;
      onProgress({ done, of: null });
    }
    // A stream of bytes has no place for it.
    onLeftOut((await this.verify({ deep: false, salvage: false, onProgress: () => undefined, signal })).damagedRows);
  }

  restore(stream: AsyncIterable<Uint8Array>, options: TaskOptions): Promise<RestoreReport> {
    return this.#task<RestoreReport>('/v1/store/restore', options, stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Connections live as long as their task.
  }

  /** A task says how far it is, line by line, and in the last line how it went. */
  async #task<T>(path: string, { onProgress, signal }: TaskOptions, body?: AsyncIterable<Uint8Array>): Promise<T> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of streamDaemon(this.#socketPath, { method: 'POST', path, signal, ...(body === undefined ? {} : { body }) })) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const said = JSON.parse(line) as { progress?: TaskProgress; result?: T; problem?: { code?: string; detail: string } };
        if (said.progress !== undefined) onProgress(said.progress);
        else if (said.problem !== undefined) throw new ClientError(said.problem.code ?? 'INTERNAL', said.problem.detail);
        else return said.result as T;
      }
    }
    throw new ClientError('APP_DAEMON_UNREACHABLE', `the daemon on ${this.#socketPath} went away before it was done`);
  }
}

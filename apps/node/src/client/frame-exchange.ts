import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { encodeFrame, FrameDecoder } from '@p2p/dave-wire';
import { AppError } from '../cli/app-error.ts';
import { decodeAnswer, type Answer } from '../control/bulk-frames.ts';
import { ClientError } from './client.ts';

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** One request to the daemon that asks many things and is answered while it goes on. */
export class FrameExchange implements AsyncDisposable {
  readonly #request: ClientRequest;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  readonly #socketPath: string;
  readonly #signal: AbortSignal;
  #nextIndex = 0;
  #failure: unknown;
  /** While the socket takes no more: resolves when it does. */
  #draining: Promise<void> | undefined;

  constructor(socketPath: string, path: string, signal: AbortSignal) {
    this.#socketPath = socketPath;
    this.#signal = signal;
    this.#request = request({ socketPath, method: 'POST', path, agent: false, signal, headers: { 'content-type': 'application/octet-stream' } });
    this.#ended = this.#listen();
    // What went wrong is told to everyone who waits, and to those who ask later.
    this.#ended.catch((error: unknown) => this.#fail(error));
    this.#request.flushHeaders();
  }

  /** Asks one thing. Rejects with ClientError and the daemon's code, AppError APP_DAEMON_UNREACHABLE, or `signal.reason`. */
  async ask(frame: Uint8Array): Promise<Answer> {
    while (this.#draining !== undefined) await this.#draining;
    if (this.#failure !== undefined) throw this.#failure;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#waiting.set(this.#nextIndex++, { resolve, reject });
    if (!this.#request.write(encodeFrame(frame))) this.#draining = this.#drained();
    const answer = await promise;
    if (answer.failure !== undefined) throw new ClientError(answer.failure.code, answer.failure.message);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#request.end();
    await this.#ended.catch(() => undefined);
  }

  async #drained(): Promise<void> {
    const stop = new AbortController();
    // A socket that has failed never drains; whoever waited is told why.
    await Promise.race([once(this.#request, 'drain', { signal: stop.signal }), this.#ended]).catch(() => undefined);
    stop.abort();
    this.#draining = undefined;
  }

  async #listen(): Promise<void> {
    const [response] = (await once(this.#request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) {
      response.resume();
      throw new AppError('APP_DAEMON_REFUSED', `the daemon on ${this.#socketPath} cannot carry many dats at once (status ${response.statusCode}): is it older than this command? Restart it`);
    }
    const decoder = new FrameDecoder();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const frame of decoder.push(chunk)) this.#settle(decodeAnswer(frame.slice()));
    }
    if (this.#waiting.size > 0) throw new Error('its answer ended too early');
  }

  #settle(answer: Answer): void {
    this.#waiting.get(answer.index)?.resolve(answer);
    this.#waiting.delete(answer.index);
  }

  #fail(cause: unknown): void {
    if (this.#signal.aborted) this.#failure = this.#signal.reason;
    else if (cause instanceof AppError) this.#failure = cause;
    else this.#failure = new AppError('APP_DAEMON_UNREACHABLE', `the daemon on ${this.#socketPath} went away before it answered (${(cause as Error).message})`, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

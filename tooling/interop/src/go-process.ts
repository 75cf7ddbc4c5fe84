import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { InteropError } from './interop-error.ts';

/** How a Go process ended, with the last of what it said on stderr. */
export interface GoExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

interface Pending {
  readonly command: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: InteropError) => void;
}

interface Answer {
  readonly id: number;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
}

/** Enough for a panic with the stack of its goroutine. */
const STDERR_TAIL_CHARACTERS = 16 * 1024;
const EXIT_TIMEOUT_MS = 15_000;

/**
 * One Go process in `control` mode: requests out, answers in, matched by id. Its death rejects what
 * is outstanding and everything that is asked afterwards.
 */
export class GoProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #pending: Map<number, Pending> = new Map();
  readonly #closed: Promise<GoExit>;
  #exit: GoExit | undefined;
  #endIsExpected = false;
  #lastId = 0;
  #stderr = '';

  constructor(binary: string) {
    this.#child = spawn(binary, ['control'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARACTERS);
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#settle(line));
    // A write to a process that is already gone: its end is reported by `close`.
    this.#child.stdin.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#stderr += `\n${error.message}`;
        if (this.#child.pid === undefined) resolve(this.#end(null, null));
      });
      this.#child.once('close', (code, signal) => resolve(this.#end(code, signal)));
    });
  }

  /** The last of what the process said on stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /**
   * Sends one command and waits for its answer.
   *
   * @throws InteropError `INTEROP_REFUSED` (the answer is an error), `INTEROP_TIMEOUT`, `INTEROP_CRASHED`
   */
  async request(command: string, args: object, timeoutMs: number): Promise<unknown> {
    if (this.#exit !== undefined) throw this.#gone(command, this.#exit);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      reject(new InteropError('INTEROP_TIMEOUT', `the Go node did not answer ${command} within ${timeoutMs} ms`));
    }, timeoutMs);
    this.#pending.set(id, { command, resolve, reject });
    this.#child.stdin.write(`${JSON.stringify({ id, cmd: command, args })}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for the process to end by itself, which is then no failure for {@link close}. */
  async waitForExit(timeoutMs: number): Promise<GoExit> {
    this.#endIsExpected = true;
    const exit = await this.#exitWithin(timeoutMs);
    if (exit === undefined) {
      throw new InteropError('INTEROP_TIMEOUT', `the Go process was still running after ${timeoutMs} ms`);
    }
    return exit;
  }

  /** Ends the process at once, as a power cut would. */
  async terminate(): Promise<void> {
    this.#endIsExpected = true;
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /**
   * Flushes the node and ends the process.
   *
   * @throws InteropError `INTEROP_CRASHED` if it had ended before without being asked to,
   * `INTEROP_TIMEOUT` if it had to be killed
   */
  async close(): Promise<void> {
    if (this.#exit !== undefined) {
      if (this.#endIsExpected) return;
      throw this.#gone('close', this.#exit);
    }
    this.#endIsExpected = true;
    this.#child.stdin.end(`${JSON.stringify({ id: ++this.#lastId, cmd: 'exit' })}\n`);
    const exit = await this.#exitWithin(EXIT_TIMEOUT_MS);
    if (exit === undefined) {
      await this.terminate();
      throw new InteropError('INTEROP_TIMEOUT', `the Go process did not end within ${EXIT_TIMEOUT_MS} ms`);
    }
    if (exit.code !== 0) throw this.#gone('exit', exit);
  }

  async #exitWithin(timeoutMs: number): Promise<GoExit | undefined> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, timeoutMs, undefined);
    try {
      return await Promise.race([this.#closed, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #settle(line: string): void {
    const answer = JSON.parse(line) as Answer;
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    if (answer.ok) pending.resolve(answer.result);
    else pending.reject(new InteropError('INTEROP_REFUSED', `${pending.command}: ${answer.error}`));
  }

  #end(code: number | null, signal: NodeJS.Signals | null): GoExit {
    this.#exit = { code, signal, stderr: this.#stderr };
    for (const pending of this.#pending.values()) pending.reject(this.#gone(pending.command, this.#exit));
    this.#pending.clear();
    return this.#exit;
  }

  #gone(command: string, exit: GoExit): InteropError {
    const how = exit.signal === null ? `code ${exit.code}` : exit.signal;
    return new InteropError('INTEROP_CRASHED', `the Go process ended (${how}) before it answered ${command}:\n${exit.stderr}`);
  }
}

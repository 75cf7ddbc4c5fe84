import { sha1 } from '@noble/hashes/legacy.js';
import { TRACE } from '@p2p/trace';
import { toHex } from '../../core/hex.ts';
import { RecordStoreError } from '../../errors.ts';
import type { TracedWork } from '../../trace/traced-work.ts';
import { Deadlines } from './deadlines.ts';
import type { RedisArgument, SendCommand } from './redis-client.ts';

/** Answers of a server that cannot serve now, as opposed to refusing what was asked. */
const UNAVAILABLE: RegExp = /^(?:LOADING|CLUSTERDOWN|MASTERDOWN|READONLY|TRYAGAIN|NOREPLICAS|UNBLOCKED)\b/;
/** What errors of a server's own start with; those of a client read otherwise. */
const SERVER_ERROR: RegExp = /^-?[A-Z]{2,}[A-Z0-9_]*\b/;

/** Commands and scripts of one namespace: deadlines, aborts, and errors with our codes. */
export class RedisConnection {
  /** What every key starts with; holds the hash tag. */
  readonly base: string;
  /** Is told the command or the script. */
  declare trace: TracedWork | undefined;
  readonly #send: SendCommand;
  readonly #deadlines: Deadlines;
  readonly #hashes = new Map<string, string>();

  constructor(send: SendCommand, base: string, timeoutMs: number) {
    this.#send = send;
    this.base = base;
    this.#deadlines = new Deadlines(timeoutMs, () => unavailable(`no answer within ${timeoutMs} ms`));
  }

  /** A key of the namespace. */
  key(name: string, bytes?: Uint8Array): RedisArgument {
    if (bytes === undefined) return this.base + name;
    const head = new TextEncoder().encode(this.base + name);
    const key = new Uint8Array(head.length + bytes.length);
    key.set(head);
    key.set(bytes, head.length);
    return key;
  }

  read(args: readonly RedisArgument[], signal: AbortSignal | undefined): Promise<unknown> {
    const reading = (): Promise<unknown> => this.#within(() => this.#send(this.base, true, args), signal);
    if (TRACE && this.trace !== undefined) return this.trace(String(args[0]), reading);
    return reading();
  }

  /** Runs a script over the namespace's keys. The server knows it by its hash after the first time. */
  run(script: string, args: readonly RedisArgument[], signal: AbortSignal | undefined): Promise<unknown> {
    let hash = this.#hashes.get(script);
    if (hash === undefined) this.#hashes.set(script, (hash = toHex(sha1(new TextEncoder().encode(script)))));
    const evalsha = ['EVALSHA', hash, '1', this.base, ...args];
    const running = async (): Promise<unknown> => {
      try {
        return await this.#send(this.base, false, evalsha);
      } catch (error) {
        // A server that was restarted, or has not seen it yet. Nothing has happened.
        if (!messageOf(error).includes('NOSCRIPT')) throw error;
        return await this.#send(this.base, false, ['EVAL', script, '1', this.base, ...args]);
      }
    };
    if (TRACE && this.trace !== undefined) return this.trace(script, () => this.#within(running, signal));
    return this.#within(running, signal);
  }

  async #within(work: () => Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    try {
      return await this.#deadlines.race(work(), signal);
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) throw error;
      throw toRecordStoreError(error);
    }
  }
}

/** What a client threw, or a script answered, as an error with one of our codes. */
export function toRecordStoreError(error: unknown): RecordStoreError {
  if (error instanceof RecordStoreError) return error;
  const message = messageOf(error);
  if (message.includes('RECORDCORRUPT') || message.includes('data string too short')) {
    return new RecordStoreError('RECORD_STORE_CORRUPT', 'a row in Redis is damaged: remove it, the network has other copies.', { cause: error });
  }
  if (SERVER_ERROR.test(message) && !UNAVAILABLE.test(message)) return new RecordStoreError('RECORD_STORE_IO', `Redis refused: ${message}`, { cause: error });
  return unavailable(message, error);
}

function unavailable(what: string, cause?: unknown): RecordStoreError {
  return new RecordStoreError('RECORD_STORE_UNAVAILABLE', `Redis cannot be reached (${what}): it is not known whether what was under way happened.`, cause === undefined ? {} : { cause });
}

function messageOf(error: unknown): string {
  // Of several addresses that were tried, each has its own reason, and the whole none.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return error.cause === undefined ? error.name : messageOf(error.cause);
}

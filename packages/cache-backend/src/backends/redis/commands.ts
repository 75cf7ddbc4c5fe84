import { createHash } from 'node:crypto';
import { CacheError } from '../../errors.ts';
import { remoteError } from '../remote/checked-blob.ts';

/** What a command answers. */
export type Reply = string | number | null | undefined | readonly Reply[];

/**
 * A connected client of Redis or Valkey: node-redis (`createClient`, `createCluster`), ioredis (`Redis`, `Cluster`), or a
 * function that sends a command, whose second argument is a key that says which node of a cluster is to answer.
 */
export type RedisClient =
  | { readonly sendCommand: (...args: never[]) => Promise<unknown> }
  | { readonly call: (...args: never[]) => Promise<unknown> }
  | ((command: readonly string[], key: string) => Promise<unknown>);

/** A Lua script with its digest. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** Sends commands through any client, and gives up on answers that do not come. */
export class Commands {
  readonly #send: (command: readonly string[], key: string) => Promise<unknown>;
  readonly #timeoutMs: number;

  constructor(client: RedisClient, timeoutMs: number) {
    this.#send = senderOf(client);
    this.#timeoutMs = timeoutMs;
  }

  /** @throws CacheError CACHE_REMOTE, with the client's error in `cause`. After a timeout the command may still take effect. */
  async send(command: readonly string[], key: string): Promise<Reply> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new CacheError('CACHE_REMOTE', `Redis did not answer ${command[0] ?? ''} within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    try {
      return (await Promise.race([this.#send(command, key), late])) as Reply;
    } catch (error) {
      throw remoteError('Redis failed', error);
    } finally {
      clearTimeout(timer);
    }
  }

  async run(what: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const key = keys[0] ?? '';
    try {
      return await this.send(['EVALSHA', what.sha1, ...rest], key);
    } catch (error) {
      // The server was restarted, or never had it.
      if (!(error as Error).message.includes('NOSCRIPT')) throw error;
      return await this.send(['EVAL', what.text, ...rest], key);
    }
  }
}

function senderOf(client: RedisClient): (command: readonly string[], key: string) => Promise<unknown> {
  if (typeof client === 'function') return client;
  if ('call' in client && typeof client.call === 'function') {
    const { call } = client as unknown as { call: (...args: string[]) => Promise<unknown> };
    return (command) => call.apply(client, command as string[]);
  }
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') throw new TypeError('client must have sendCommand (node-redis) or call (ioredis), or be a function');
  // Of node-redis' two kinds only the cluster knows of masters, and wants a key to find the node by.
  if ('masters' in client) {
    const cluster = client as unknown as { sendCommand: (key: string, isReadonly: boolean, command: readonly string[]) => Promise<unknown> };
    return (command, key) => cluster.sendCommand(key, false, command);
  }
  const single = client as unknown as { sendCommand: (command: readonly string[]) => Promise<unknown> };
  return (command) => single.sendCommand(command);
}

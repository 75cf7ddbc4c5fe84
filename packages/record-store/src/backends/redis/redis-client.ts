/** An argument of a command. */
export type RedisArgument = string | Uint8Array;

/**
 * A client of any library: node-redis (`createClient`, `createCluster`), ioredis (`Redis`, `Cluster`), or an
 * object of your own whose `sendCommand` answers bulk strings with bytes and maps with flat arrays. It stays
 * the caller's.
 */
export type RedisClientLike = NodeRedisLike | NodeRedisClusterLike | IoRedisLike;

/** node-redis, and clients of your own. */
export interface NodeRedisLike {
  // Parameters are left open: the libraries type theirs more narrowly than they take.
  sendCommand(args: never, options?: never): Promise<unknown>;
}

/** node-redis' cluster. */
export interface NodeRedisClusterLike {
  sendCommand(firstKey: never, isReadonly: never, args: never, options?: never): Promise<unknown>;
  readonly masters: unknown;
}

/** ioredis, single or cluster. */
export interface IoRedisLike {
  callBuffer(command: never, args: never): Promise<unknown>;
}

/** Sends a command whose first key is `firstKey`; bulk strings come back as bytes. */
export type SendCommand = (firstKey: string, isReadonly: boolean, args: readonly RedisArgument[]) => Promise<unknown>;

/** `$` and `%` of the protocol: node-redis is told to answer bulk strings with Buffers, and maps flat, for as objects their keys would become text. */
const [BULK_STRING, MAP] = [36, 37];

/** @throws TypeError for what is no client. */
export function sender(client: RedisClientLike): SendCommand {
  if (typeof client !== 'object' || client === null) throw new TypeError('client must be a Redis client');
  if ('callBuffer' in client && typeof client.callBuffer === 'function') {
    const io: { callBuffer(command: unknown, args: unknown): Promise<unknown> } = client;
    return (_firstKey, _isReadonly, [command, ...args]) => io.callBuffer(command, args.map(nodeBuffer));
  }
  if (!('sendCommand' in client) || typeof client.sendCommand !== 'function') throw new TypeError('client has neither sendCommand nor callBuffer');
  const typeMapping = typeof Buffer === 'function' ? { [BULK_STRING]: Buffer, [MAP]: Array } : {};
  if ('masters' in client) {
    const cluster = client as unknown as { sendCommand(firstKey: string, isReadonly: boolean, args: unknown[], options: object): Promise<unknown> };
    // Always a master: a replica may not have yet what was just acknowledged.
    return (firstKey, _isReadonly, args) => cluster.sendCommand(firstKey, false, args.map(nodeBuffer), { typeMapping });
  }
  const single = client as unknown as { sendCommand(args: unknown[], options: object): Promise<unknown> };
  return (_firstKey, _isReadonly, args) => single.sendCommand(args.map(nodeBuffer), { typeMapping });
}

/** Both libraries tell bytes from text by the class. */
function nodeBuffer(argument: RedisArgument): unknown {
  if (typeof argument === 'string' || typeof Buffer !== 'function') return argument;
  return Buffer.isBuffer(argument) ? argument : Buffer.from(argument.buffer, argument.byteOffset, argument.byteLength);
}

import { TRACE } from '@p2p/trace';
import { toHex } from '../../core/hex.ts';
import { toSettings } from '../../core/settings.ts';
import { RecordStoreError } from '../../errors.ts';
import type { RecordStoreOptions } from '../../options.ts';
import { PolicyStore } from '../../store/policy-store.ts';
import type { StoreCapabilities } from '../../types.ts';
import { pause, SYSTEM } from '../system.ts';
import { sender, type RedisClientLike } from './redis-client.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisEngine } from './redis-engine.ts';
import { toText } from './script-arguments.ts';
import { POLICY_SCRIPT } from './scripts.ts';
import { withSpanNames } from './span-names.ts';

/** Options of a store in Redis. */
export interface RedisRecordStoreOptions extends RecordStoreOptions {
  /** A connected client of node-redis or ioredis, single or cluster. It stays the caller's: `close` leaves it open. */
  client: RedisClientLike;
  /**
   * Nodes with the same namespace share their records, and the limits are those of all together. 1 to 512 of
   * letters, digits, `.`, `_` and `-`. Default: `localId` in hex, so that each node has its own.
   */
  namespace?: string | undefined;
  /** What a write survives depends on how the server keeps its log: `process-crash` with `appendonly yes`, `power-loss` with `appendfsync always` and no failover. Default `no`. */
  durable?: StoreCapabilities['durable'] | undefined;
  /** A call that has no answer for so long fails with RECORD_STORE_UNAVAILABLE. Default 5 s. */
  timeoutMs?: number | undefined;
  /** Told of a row that cannot be read, each time that it is met among others, which are served. `get` of such a record rejects; the next put, or `remove`, heals. */
  onDamaged?: ((error: RecordStoreError, key: Uint8Array) => void) | undefined;
}

/**
 * A record store in Redis or Valkey, alone or as a cluster. Every change is one Lua script, so caps hold
 * for all who share a namespace. Entries have no native expiry: they are hidden and swept as in every engine.
 */
export class RedisRecordStore extends PolicyStore {
  /**
   * Checks that the server evicts nothing by itself.
   * @throws RecordStoreError RECORD_STORE_CONFIG when it does, RECORD_STORE_UNAVAILABLE; TypeError for options that are none.
   */
  static async open(options: RedisRecordStoreOptions): Promise<RedisRecordStore> {
    const settings = toSettings(options, SYSTEM);
    const { client, namespace = toHex(settings.localId), durable = 'no', timeoutMs = 5000, onDamaged = (): void => undefined } = options;
    if (!/^[A-Za-z0-9._-]{1,512}$/.test(namespace)) throw new TypeError(`namespace must be 1 to 512 of letters, digits, '.', '_' and '-', got ${namespace}`);
    if (!Number.isSafeInteger(timeoutMs) || timeoutMs <= 0) throw new TypeError('timeoutMs must be a whole number > 0');
    const connection = new RedisConnection(sender(client), `records:{${namespace}}:`, timeoutMs);
    if (TRACE) connection.trace = withSpanNames(settings.trace);
    const policy = /maxmemory_policy:(\S+)/.exec(toText(await connection.run(POLICY_SCRIPT, [], undefined)))?.[1];
    if (policy !== 'noeviction') {
      throw new RecordStoreError('RECORD_STORE_CONFIG', `this Redis evicts keys when its memory is full (maxmemory-policy ${policy ?? 'unknown'}), which would lose records and break counts: set it to noeviction.`);
    }
    const { caps, localId } = settings;
    return new RedisRecordStore({
      settings,
      pause,
      engine: (report, choose) => new RedisEngine({ connection, capabilities: { durable, atomic: true, shared: options.namespace !== undefined }, localId, caps, report, choose, onDamaged }),
    });
  }
}

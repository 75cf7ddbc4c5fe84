import { acceptAny, type RecordStoreOptions } from '@p2p/record-store';
import { RedisRecordStore } from '@p2p/record-store/redis';
import { createEventLog, TRACE } from '@p2p/trace';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { NO_REDIS, startRedis } from '@p2p/testkit/redis-server';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test.skipIf(NO_REDIS !== undefined)('commands and scripts are spans, and say which of them failed', async () => {
  const server = await startRedis();
  const client = new Redis(server.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  try {
    const log = createEventLog({ slots: 256, strict: true });
    const options: RecordStoreOptions = { localId: utf8('me'), validators: { default: acceptAny() }, traceLog: log };
    const ended = (): string[] => log.query.where({ kinds: ['spanEnd'] }).flatMap((event) => (event.kind === 'spanEnd' ? [`${event.name} ${event.ok ? 'ok' : 'failed'}`] : []));
    const store = await RedisRecordStore.open({ ...options, client });
    await store.putMany(['one', 'two', 'three'].map((name) => ({ key: utf8(name), value: utf8('value') })));
    expect((await store.get(utf8('two')))?.value).toEqual(utf8('value'));
    let count = 0;
    for await (const _ of store.records()) count += 1;
    expect(count).toBe(3);
    await store.addProvider({ key: utf8('one'), provider: utf8('peer'), addresses: [] });
    await store.providers(utf8('one'));
    await store.removeProvider(utf8('one'), utf8('peer'));
    await store.remove(utf8('one'));
    await store.sweep();
    const worked = [
      'open', 'putMany', 'get', 'scan', 'mget', 'addProvider', 'hgetall', 'hget', 'removeProvider', 'get', 'remove', 'expire',
    ].map((name) => `records.redis.${name} ok`);
    // One script for all of a tick's puts. What belongs to a build without tracing records nothing.
    expect(ended()).toEqual(TRACE ? [...worked, 'records.sweep ok'] : []);
    await server.kill();
    await expect(store.get(utf8('two'))).rejects.toMatchObject({ code: 'RECORD_STORE_UNAVAILABLE' });
    await expect(store.put({ key: utf8('four'), value: utf8('value') })).rejects.toMatchObject({ code: 'RECORD_STORE_UNAVAILABLE' });
    expect(ended().slice(-2)).toEqual(TRACE ? ['records.redis.get failed', 'records.redis.putMany failed'] : []);
    await store.close();
  } finally {
    client.disconnect();
    await server.stop();
  }
});

import { createDat, decodeGodaveBackup, encodeEntry, encodeGodaveBackup, generateKeyPair, type Dat, type Entry } from '@p2p/dave-wire';
import { VirtualClock } from '@p2p/testkit';
import { beforeAll, expect, test } from 'vitest';
import { exportEntries, importEntries, type ImportModules } from '../../src/core/backup.ts';
import { PriorityStore } from '../../src/core/store/priority-store.ts';
import { NodeError } from '../../src/errors.ts';
import { InlineVerifier } from '../../src/io/inline-verifier.ts';
import type { Verifier } from '../../src/verifier.ts';

const clock = new VirtualClock();
const TTL_MS = 31_536_000_000;
let entries: Entry[] = [];

beforeAll(async () => {
  const { privateKey } = generateKeyPair();
  entries = await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const dat: Dat = await createDat({ privateKey, key: `key ${at}`, value: new Uint8Array(at), time: clock.now() - 1000 + at, difficulty: 8 });
      return { dat, replicas: [BigInt(at + 1)] };
    }),
  );
});

function storeOf(shardCapacityBytes = 100_000): PriorityStore {
  return new PriorityStore({ selfId: 5n, shardCapacityBytes, ttlMs: TTL_MS, hashSecret: new Uint8Array(16).fill(3) });
}

function modulesOf(store: PriorityStore, persist?: ImportModules['persist']): ImportModules {
  const inline = new InlineVerifier({ now: () => clock.now(), minWork: 8, skewMs: 0 });
  // It takes real turns of the event loop: virtual time waits for them.
  const verifier: Verifier = { verify: (dat) => clock.hold(inline.verify(dat)), pending: 0, close: () => inline.close() };
  return { clock, verifier, store, persist };
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const gather = (async () => {
    for await (const chunk of stream) chunks.push(chunk.slice());
  })();
  await clock.runUntilSettled(gather, 1000);
  return Buffer.concat(chunks);
}

function importing(bytes: Uint8Array, modules: ImportModules, options?: { signal?: AbortSignal }): ReturnType<typeof importEntries> {
  return clock.runUntilSettled(importEntries(inChunks(bytes, 1000), modules, options), 10_000);
}

const clean = { imported: 0, duplicates: 0, older: 0, expired: 0, refused: 0, invalid: 0, damaged: 0, damagedBytes: 0, notDurable: 0 };

test('an export imports into an empty store as it was, replicas included, and into the same one as duplicates', async () => {
  const from = storeOf();
  for (const entry of entries) from.admit(entry, clock.now());
  const bytes = await bytesOf(exportEntries(from, clock));
  const to = storeOf();
  const stored: string[] = [];
  const report = await importing(bytes, { ...modulesOf(to), onStored: (dat, outcome) => void stored.push(`${dat.key} ${outcome}`) });
  expect(report).toEqual({ ...clean, records: 200, imported: 200 });
  for (const entry of entries) expect(to.get(entry.dat.publicKey, entry.dat.key, clock.now())).toEqual(entry);
  expect(stored.toSorted()).toEqual(entries.map(({ dat }) => `${dat.key} inserted`).toSorted());
  expect(await importing(bytes, modulesOf(from))).toEqual({ ...clean, records: 200, duplicates: 200 });
});

test('every record is verified, and damage costs the records it hit', async () => {
  const forged: Entry = structuredClone(entries[3]!);
  forged.dat.value[0]! ^= 1;
  const whole = await bytesOf(encodeGodaveBackup([entries[0]!, entries[1]!, entries[2]!, forged, entries[4]!, entries[5]!]));
  // The last record is torn off, the second one's lengths are overwritten.
  const second = 2 + encodeEntry(entries[0]!).length;
  const bytes = whole.slice(0, -10).fill(0xff, second, second + 60);
  const store = storeOf();
  const report = await importing(bytes, modulesOf(store));
  expect(report).toMatchObject({ imported: 3, invalid: 1, records: 4, damaged: 2 });
  expect(report.damagedBytes).toBe(2 + encodeEntry(entries[1]!).length + 2 + encodeEntry(entries[5]!).length - 10);
  expect(store.count).toBe(3);
});

test('what the store refuses is counted by reason', async () => {
  const bytes = await bytesOf(encodeGodaveBackup(entries));
  const tiny = storeOf(300);
  const refused = await importing(bytes, modulesOf(tiny));
  expect(refused.imported + refused.refused).toBe(200);
  expect(refused.refused).toBeGreaterThan(50);
  const expiring = new PriorityStore({ selfId: 5n, shardCapacityBytes: 10_000, ttlMs: 900, hashSecret: new Uint8Array(16) });
  expect((await importing(bytes, modulesOf(expiring))).expired).toBeGreaterThan(90);
});

test('it ends when all is durable, and says what is not', async () => {
  const bytes = await bytesOf(encodeGodaveBackup(entries.slice(0, 10)));
  let written = 0;
  const persist = async ({ dat }: Entry): Promise<void> => {
    await new Promise<void>((resolve) => {
      clock.setTimer(50, resolve);
    });
    if (dat.value.length === 4) throw new NodeError('NODE_RECORDS_FAILED', 'as told');
    written++;
  };
  expect(await importing(bytes, modulesOf(storeOf(), persist))).toMatchObject({ imported: 10, notDurable: 1 });
  expect(written).toBe(9);
});

test('it stops when told to, and with the stream', async () => {
  const bytes = await bytesOf(encodeGodaveBackup(entries));
  const aborted = new AbortController();
  aborted.abort(new Error('enough'));
  const store = storeOf();
  await expect(importing(bytes, modulesOf(store), { signal: aborted.signal })).rejects.toThrow('enough');
  expect(store.count).toBe(0);
  const failing = (async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes.subarray(0, 50_000);
    throw new Error('the disk is gone');
  })();
  await expect(clock.runUntilSettled(importEntries(failing, modulesOf(store)), 10_000)).rejects.toThrow('the disk is gone');
  const read: string[] = [];
  for await (const item of decodeGodaveBackup(inChunks(bytes, 7777))) read.push(item.kind);
  expect(read.length).toBe(200);
});

test('a dat that a Go node stored but no packet can carry is refused, whatever its signature', async () => {
  const base = entries[0]!.dat;
  const at = (valueBytes: number): Entry => ({ dat: { ...base, key: 'key', value: new Uint8Array(valueBytes) }, replicas: [] });
  const store = storeOf();
  // The larger one never gets as far as its signature, which is wrong on both.
  const report = await importing(await bytesOf(encodeGodaveBackup([at(1224), at(1221)])), modulesOf(store));
  expect(report).toEqual({ ...clean, records: 2, refused: 1, invalid: 1 });
});

import { stat } from 'node:fs/promises';
import type { DaveNode } from '@p2p/dave-node';
import { AppError, codeOf } from '../cli/app-error.ts';
import type { NodeRecords } from './node-records.ts';
import type { CompactReport, RestoreReport, StoreReport, StoreTasks, TaskOptions, VerifyReport } from './store-tasks.ts';
import { verifyRecords } from './verify-records.ts';

/** The store of a node that runs in this process. Closing it closes neither. */
export class LiveStore implements StoreTasks {
  readonly #node: DaveNode;
  readonly #records: NodeRecords;

  constructor(node: DaveNode, records: NodeRecords) {
    this.#node = node;
    this.#records = records;
  }

  async stats(): Promise<StoreReport> {
    const { engine, place, store } = this.#records;
    const { local, remote, puts, rejected, gets, swept } = await store.stats();
    return {
      engine,
      place,
      durable: store.capabilities.durable,
      fileBytes: engine === 'lmdb' ? await bytesOf(place) : null,
      records: local.records + remote.records,
      recordBytes: local.bytes + remote.bytes,
      memory: { dats: this.#node.entryCount, usedSpace: this.#node.usedSpace, capacity: this.#node.capacity },
      counters: { puts, rejected, gets, swept },
    };
  }

  async verify({ deep, salvage, onProgress, signal }: TaskOptions & { deep: boolean; salvage: boolean }): Promise<VerifyReport> {
    if (salvage) throw new AppError('APP_USAGE', 'a running node salvages at its start: stop it to salvage by hand');
    const { store, lmdb } = this.#records;
    const check = await lmdb?.verify({ signal, onProgress: ({ rows, expectedRows }) => onProgress({ done: rows, of: expectedRows }) });
    const miscounted = check?.miscounted === true;
    if (miscounted) await lmdb?.recount();
    const of = check?.records ?? null;
    const { records, invalidDats } = await verifyRecords(store, { deep, signal, onProgress: (done) => onProgress({ done, of }) });
    const damagedRows = check?.damagedRows ?? 0;
    return { sound: (check?.sound !== false || miscounted) && invalidDats === 0, records, damagedRows, miscounted, invalidDats, deep, damage: check?.damage ?? [], keptAt: null };
  }

  async compact({ signal }: TaskOptions): Promise<CompactReport> {
    signal.throwIfAborted();
    const { lmdb, engine } = this.#records;
    if (lmdb === undefined) throw notCompactable(engine);
    return await lmdb.compact();
  }

  async *backup({ onProgress, signal }: TaskOptions): AsyncIterable<Uint8Array> {
    let done = 0;
    for await (const chunk of this.#node.exportBackup({ signal })) {
      yield chunk;
      done += chunk.length;
      onProgress({ done, of: null });
    }
  }

  async restore(stream: AsyncIterable<Uint8Array>, { onProgress, signal }: TaskOptions): Promise<RestoreReport> {
    return await this.#node.importBackup(counted(stream, onProgress), { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Node and records belong to the daemon.
  }
}

/** Tells how many bytes went by. */
export async function* counted(stream: AsyncIterable<Uint8Array>, onProgress: TaskOptions['onProgress']): AsyncGenerator<Uint8Array, void, undefined> {
  let done = 0;
  for await (const chunk of stream) {
    yield chunk;
    done += chunk.length;
    onProgress({ done, of: null });
  }
}

export function notCompactable(engine: string): AppError {
  return new AppError('APP_USAGE', `records in ${engine} need no compaction: only the LMDB file has free pages to give back`);
}

export async function bytesOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

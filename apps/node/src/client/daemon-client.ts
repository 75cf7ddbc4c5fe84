import type { Dat } from '@p2p/dave-wire';
import type * as z from 'zod';
import { askDaemon } from '../control/ask-daemon.ts';
import { datSchema, datToJson } from '../control/dat-json.ts';
import type { BulkClient, BulkReader, BulkWriter } from './bulk.ts';
import type { Client, Found, Placed, ReadOptions, WriteOptions } from './client.ts';
import { DaemonBulk } from './daemon-bulk.ts';

/** Past the deadline that the daemon itself keeps. */
const GRACE_MS = 5000;

/** Reads and writes through the control socket. */
export class DaemonClient implements Client, BulkClient {
  readonly #socketPath: string;
  readonly #bulk: DaemonBulk;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
    this.#bulk = new DaemonBulk(socketPath);
  }

  async put(dat: Dat, { minAcks, timeoutMs, signal }: WriteOptions): Promise<Placed> {
    const body = { dat: datToJson(dat), minAcks, timeoutMs };
    return (await askDaemon(this.#socketPath, { method: 'PUT', path: '/v1/dats', body, timeoutMs: timeoutMs + GRACE_MS, signal })) as Placed;
  }

  async get(publicKey: Uint8Array, key: string, { mode, timeoutMs, signal, trace }: ReadOptions): Promise<Found> {
    // The key travels in the query: '..' as a path would be taken for a step upwards.
    const query = new URLSearchParams({ key, mode, timeoutMs: String(timeoutMs), ...(trace ? { trace: 'true' } : {}) }).toString();
    const path = `/v1/dats/${Buffer.from(publicKey).toString('hex')}?${query}`;
    const answer = (await askDaemon(this.#socketPath, { method: 'GET', path, timeoutMs: timeoutMs + GRACE_MS, signal })) as
      | (Omit<Extract<Found, { found: true }>, 'dat'> & { dat: z.input<typeof datSchema> })
      | Extract<Found, { found: false }>;
    return answer.found ? { ...answer, dat: datSchema.parse(answer.dat) } : answer;
  }

  openWriter(publicKey: Uint8Array, options: { signal: AbortSignal }): BulkWriter {
    return this.#bulk.openWriter(publicKey, options);
  }

  openReader(publicKey: Uint8Array, options: { timeoutMs: number; signal: AbortSignal }): BulkReader {
    return this.#bulk.openReader(publicKey, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

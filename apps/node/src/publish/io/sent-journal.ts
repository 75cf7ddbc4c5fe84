import { mkdir, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../cli/app-error.ts';
import type { BlockId } from '../core/block.ts';
import { decodeSentRecords, encodeSentRecord, SENT_RECORD_BYTES, type SentBlock } from '../core/sent-records.ts';

/** A journal with more outdated records than this beside its good ones is written anew. */
const SLACK_RECORDS = 4096;
const BUFFERED_RECORDS = 256;

/**
 * Which blocks of one author have been confirmed: an interrupted publication goes on where it was, and what
 * has not changed is not sent again. Losing it costs questions to the network, no more.
 */
export class SentJournal implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #sent: Map<BlockId, SentBlock>;
  #buffer: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, sent: Map<BlockId, SentBlock>) {
    this.#file = file;
    this.#sent = sent;
  }

  /** @param notBefore records of older dats are forgotten: those are to be sent again before they expire. */
  static async open(path: string, notBefore: number): Promise<SentJournal> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const bytes = await readFile(path).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const sent = decodeSentRecords(bytes);
    for (const [id, { time }] of sent) if (time < notBefore) sent.delete(id);
    const torn = bytes.length % SENT_RECORD_BYTES !== 0;
    if (torn || bytes.length / SENT_RECORD_BYTES > 2 * sent.size + SLACK_RECORDS) {
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, Buffer.concat([...sent].map(([id, block]) => encodeSentRecord(id, block))), { mode: 0o600 });
      await rename(draft, path);
    }
    return new SentJournal(await open(path, 'a', 0o600), sent);
  }

  get(id: BlockId): SentBlock | undefined {
    return this.#sent.get(id);
  }

  /** Written within a moment; what a crash takes is sent again. */
  add(id: BlockId, block: SentBlock): void {
    this.#sent.set(id, block);
    this.#buffer.push(encodeSentRecord(id, block));
    if (this.#buffer.length >= BUFFERED_RECORDS) this.#flush();
  }

  /** The network lacks it after all. */
  forget(id: BlockId): void {
    if (this.#sent.delete(id)) this.#buffer.push(encodeSentRecord(id, { time: 0, acks: 0 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    try {
      await this.#writing;
    } finally {
      await this.#file.close();
    }
  }

  #flush(): void {
    const records = Buffer.concat(this.#buffer);
    this.#buffer = [];
    if (records.length === 0) return;
    this.#writing = this.#append(this.#writing, records);
    // Told when the journal is closed.
    this.#writing.catch(() => undefined);
  }

  async #append(before: Promise<void>, records: Uint8Array): Promise<void> {
    await before;
    await this.#file.appendFile(records);
  }
}

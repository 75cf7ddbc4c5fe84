import { BackupScanner, RECORD_PREFIX_BYTES, type BackupItem } from './backup-scanner.ts';
import { encodeEntry } from './entry.ts';
import { writeU16 } from './integers.ts';
import type { Entry } from './message.ts';

export type { BackupItem } from './backup-scanner.ts';

const CHUNK_BYTES = 65_536;

/**
 * Reads a backup file of the Go node, chunked anyhow (a Node file stream will do), and gives its records in order.
 * Key and value of a record may have 1227 bytes together. Holds about one chunk and two records in memory; entries
 * have bytes of their own.
 *
 * Damage is reported, not thrown, and costs no record beside those it hit: reading goes on at the next record that can
 * be recognised. Nothing is verified here: pass every dat to `verifyDat` before it is believed, all the more after an
 * `overrun`. Only errors of `stream` itself are thrown.
 *
 * @example
 * for await (const item of decodeGodaveBackup(createReadStream('dave.bak'))) {
 *   if (item.kind === 'damage') console.warn(`${item.length} bytes at ${item.offset} are ${item.reason}`);
 *   else await importEntry(item.entry);
 * }
 */
export async function* decodeGodaveBackup(stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<BackupItem, void, undefined> {
  const scanner = new BackupScanner();
  for await (const chunk of stream) yield* scanner.push(chunk);
  yield* scanner.finish();
}

/**
 * Writes entries as a backup file that the Go node reads: u16 length · entry, repeated, in chunks of about 64 KiB. To
 * move a store to a Go node; nothing of ours is kept this way.
 *
 * @throws WireError from `encodeEntry`: the first entry that it refuses ends the backup, which is then incomplete.
 */
export async function* encodeGodaveBackup(entries: AsyncIterable<Entry> | Iterable<Entry>): AsyncGenerator<Uint8Array, void, undefined> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  for await (const entry of entries) {
    const bytes = encodeEntry(entry);
    if (used + RECORD_PREFIX_BYTES + bytes.length > CHUNK_BYTES) {
      yield chunk.subarray(0, used);
      chunk = new Uint8Array(CHUNK_BYTES);
      used = 0;
    }
    writeU16(bytes.length, chunk, used);
    chunk.set(bytes, used + RECORD_PREFIX_BYTES);
    used += RECORD_PREFIX_BYTES + bytes.length;
  }
  if (used > 0) yield chunk.subarray(0, used);
}

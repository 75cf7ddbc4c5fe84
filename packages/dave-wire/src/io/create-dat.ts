import { AuthorTimes } from '../author-times.ts';
import { signAndProve, type CreateDatOptions, type CreateDatRun } from '../create-dat.ts';
import type { Dat } from '../message.ts';

const environment = { now: (): number => Date.now(), times: new AuthorTimes(1024) };

/**
 * Signs a key-value pair and proves work for it. The result shares no memory with the options. The
 * time is max(now − 2 s, this author's last + 1), because Go peers refuse dats ahead of their clock.
 * Signing faster than a dat per millisecond does not lead beyond now − 1 s: different keys then share
 * a time. What was used last is remembered in this process, for the 1024 most recent authors at least.
 *
 * Refused before any work: `WIRE_TOO_LONG` (key above 255 bytes, key and value above 1224),
 * `WIRE_NOT_UTF8` (lone surrogates), `WIRE_BAD_LENGTH` (private key), `WIRE_BAD_VALUE` (time,
 * difficulty). Rejects with the signal's reason when aborted.
 *
 * @example
 * const dat = await createDat({ privateKey, key: 'greeting', value: new TextEncoder().encode('hello') });
 */
export async function createDat(options: CreateDatOptions, run: CreateDatRun = {}): Promise<Dat> {
  return signAndProve(options, run, environment);
}

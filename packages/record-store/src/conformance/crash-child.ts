/** A record is removed, instead of being written, by every so-manieth version. */
export const REMOVE_EVERY: number = 5;

/** Bytes that only this version of this record has: version, number and a filler that depends on both. Self-contained, for it goes into the child's program. */
export function contentOf(number: number, version: number): Uint8Array {
  const bytes = new Uint8Array(64 + ((number * 37 + version * 101) % 1500));
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, version);
  view.setFloat64(8, number);
  for (let at = 16; at < bytes.length; at++) bytes[at] = (number * 7 + version * 13 + at) & 0xff;
  return bytes;
}

/** Self-contained as well. */
export function keyOf(number: number): Uint8Array {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setUint32(8, number);
  return bytes;
}

export function versionOf(content: Uint8Array): number {
  return content.length < 8 ? Number.NaN : new DataView(content.buffer, content.byteOffset).getFloat64(0);
}

/**
 * What the child runs: 64 writers, each over records of its own, without end. Every acknowledgement is a
 * line `number version` that is handed to the kernel before the next call.
 */
export function childProgram(): string {
  return `
import { writeSync } from 'node:fs';
const [module, directory, run] = process.argv.slice(-3);
const { open } = await import(module);
const contentOf = ${contentOf.toString()};
const keyOf = ${keyOf.toString()};
const acknowledge = (lines) => { for (let rest = Buffer.from(lines); rest.length > 0;) { try { rest = rest.subarray(writeSync(1, rest)); } catch (error) { if (error.code !== 'EAGAIN') throw error; } } };
const store = await open(directory);
const acceptable = new Set(['inserted', 'updated', 'refreshed']);
const put = async (records) => {
  for (const result of records.length === 1 ? [await store.put(records[0])] : await store.putMany(records)) if (!acceptable.has(result.outcome)) throw new Error('refused: ' + JSON.stringify(result));
};
async function writer(own) {
  const versions = new Map();
  for (let step = 0; ; step++) {
    const batch = step % 4 === 3 ? 8 : 1;
    const turns = Array.from({ length: batch }, (_, at) => {
      const number = own * 1000 + ((step * 31 + at) % 40);
      const version = (versions.get(number) ?? Number(run) * 1_000_000) + 1;
      versions.set(number, version);
      return { number, version };
    });
    const removals = turns.filter(({ version }) => version % ${REMOVE_EVERY} === 0);
    const puts = turns.filter(({ version }) => version % ${REMOVE_EVERY} !== 0);
    if (puts.length > 0) await put(puts.map(({ number, version }) => ({ key: keyOf(number), value: contentOf(number, version) })));
    for (const { number } of removals) await store.remove(keyOf(number));
    acknowledge(turns.map(({ number, version }) => number + ' ' + version + '\\n').join(''));
  }
}
await Promise.all(Array.from({ length: 64 }, (_, own) => writer(own)));
`;
}

import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';
import { ROOT } from './source-files.ts';

/** A bug to plant: in a source file of the record store, one text in place of another. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Bugs that the conformance suite must find, most of them taken from real stores. */
export const MUTANTS: readonly Mutant[] = [
  { name: 'a record is served at its expiry', file: 'store/policy-store.ts', find: 'stored.expires <= this.#settings.clock.now()) {\n      this.#counters.gets.miss', replace: 'stored.expires < this.#settings.clock.now()) {\n      this.#counters.gets.miss' },
  { name: 'expired providers are served', file: 'store/policy-store.ts', find: 'const live = stored.filter(({ expires }) => expires > now);', replace: 'const live = stored;' },
  { name: 'the cap of records is off by one', file: 'core/admission.ts', find: 'room.pool.records + 1 > caps.records', replace: 'room.pool.records > caps.records' },
  { name: 'expired entries do not make room', file: 'core/ledger/ledger.ts', find: 'const expired = this.#expiredIn(step, owner, key, now);', replace: 'const expired: LedgerEntry[] = [];' },
  { name: 'a put downgrades', file: 'core/admission.ts', find: "if (order < 0) return 'stale';", replace: '' },
  { name: 'an equal version with another value is taken', file: 'core/admission.ts', find: "return same ? 'refreshed' : 'conflict';", replace: "return 'refreshed';" },
  { name: 'stored bytes are the caller’s', file: 'backends/memory/memory-engine.ts', find: 'own: copyBytes', replace: 'own: (bytes) => bytes' },
  { name: 'whoever names this node as publisher uses the local quota', file: 'core/candidate.ts', find: 'const local = origin === undefined && publisher', replace: 'const local = publisher' },
  { name: 'a full key keeps the local provider out', file: 'core/admission.ts', find: 'const caps = candidate.local ? room.caps.local : room.caps.remote;', replace: 'const caps = room.caps.remote;' },
  { name: 'a provider that was dropped is reported as taken', file: 'core/admit.ts', find: "if (victim === undefined) return 'key-full';", replace: "if (victim === undefined) return 'inserted';" },
  { name: 'a replaced provider still counts for its origin', file: 'core/ledger/origin-index.ts', find: 'origin?.entries.delete(entry);', replace: 'if (entry.kind === \'value\') origin?.entries.delete(entry);' },
  { name: 'removal does not give back the quota', file: 'core/usage.ts', find: "if (kind === 'value') origin.records += sign;", replace: "if (kind === 'value') origin.records += Math.max(0, sign);" },
  { name: 'a scan comes in no order', file: 'backends/memory/memory-engine.ts', find: 'sortedKeys(selectedKeys(values, prefix, after, now), limit, pause)', replace: 'selectedKeys(values, prefix, after, now)' },
  { name: 'a replay shortens a record’s life', file: 'core/admission.ts', find: 'Math.max(stored.expires, candidate.expires)', replace: 'candidate.expires' },
  { name: 'a record lives longer than maxTtlMs', file: 'core/candidate.ts', find: 'return Math.min(Math.floor(expires), longest);', replace: 'return Math.floor(expires);' },
  { name: 'a sweep takes what was announced again', file: 'core/ledger/expiry-heap.ts', find: 'if (first.expires === first.heapKey) return first;', replace: 'return first;' },
  { name: 'ifPublisher is not looked at', file: 'store/policy-store.ts', find: '(ifPublisher === undefined ||', replace: '(true ||' },
  { name: 'the schedule repeats the item of its token', file: 'store/due-items.ts', find: 'compareDue({ dueMs, kind, key }, after) <= 0', replace: 'compareDue({ dueMs, kind, key }, after) < 0' },
  { name: 'everything is due at once', file: 'core/schedule.ts', find: '* interval);', replace: '* 1);' },
  { name: 'a long key is cut off', file: 'core/bytes.ts', find: 'if (length <= 64)', replace: 'if (length > 512) return bytesText(bytes.subarray(0, 512));\n  if (length <= 64)' },
  { name: 'aborts are not looked at', file: 'store/policy-store.ts', find: "open another one.');\n    signal?.throwIfAborted();", replace: "open another one.');" },
  { name: 'putMany stores what the caller’s bytes became meanwhile', file: 'store/policy-store.ts', find: 'record: refusal === undefined ? ownRecord(record, options) :', replace: 'record: refusal === undefined ? record :' },
  { name: 'what is stored is not what a slow validator looked at', file: 'store/policy-store.ts', find: 'this.#putSlowly(ownRecord(record, options), validator', replace: 'this.#putSlowly(record, validator' },
  { name: 'bytes that nobody gave away are kept', file: 'core/candidate.ts', find: 'options?.copy === false', replace: 'options?.copy !== true' },
  { name: 'bytes that were given away replace nothing', file: 'core/ledger/ledger.ts', find: 'if (given) this.lend(entry, plainBytes(value));', replace: 'if (given) entry.value ??= plainBytes(value);' },
  { name: 'a rank is the caller’s bytes', file: 'core/ledger/ledger.ts', find: 'rank: rank === undefined ? undefined : own(rank),', replace: 'rank,' },
  { name: 'others put off the publication of a local record', file: 'core/admit.ts', find: '{ ...candidate, storedAt: stored!.storedAt }', replace: 'candidate' },
];

/** The record store's main entry with one bug planted, bundled into one module's text. */
export async function bundleMutant(mutant: Mutant | undefined): Promise<string> {
  const source = join(ROOT, 'packages/record-store/src');
  let planted = mutant === undefined;
  const result = await build({
    entryPoints: [join(source, 'index.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [
      {
        name: 'plant',
        setup: ({ onLoad }) => {
          onLoad({ filter: /record-store\/src\/.*\.ts$/ }, async ({ path }) => {
            const text = await readFile(path, 'utf8');
            if (mutant === undefined || path !== join(source, mutant.file)) return { contents: text, loader: 'ts' };
            if (text.split(mutant.find).length !== 2) throw new Error(`${mutant.name}: its place in ${mutant.file} is not there once`);
            planted = true;
            return { contents: text.replace(mutant.find, () => mutant.replace), loader: 'ts' };
          });
        },
      },
    ],
  });
  if (!planted) throw new Error(`${mutant?.name}: ${mutant?.file} is not part of the bundle`);
  return result.outputFiles[0]!.text;
}

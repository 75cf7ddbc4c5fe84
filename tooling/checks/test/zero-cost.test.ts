import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLER_NAMES, compareBuilds, leftIdentifiers } from '@p2p/trace/check';
import * as twin from '@p2p/trace-noop';
import { afterAll, describe, expect, test } from 'vitest';
import { buildWithoutTrace, libraryBuild, programOf, scriptsIn } from '../src/build-without-trace.ts';
import { publishedPackages, ROOT } from '../src/source-files.ts';

/** They are the trace. */
const ITSELF = new Set(['@p2p/trace', '@p2p/trace-noop']);
const temporary = mkdtempSync(join(tmpdir(), 'p2p-zero-cost-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const scripts = (directory: string): { name: string; code: string }[] =>
  scriptsIn(directory).map((name) => ({ name, code: readFileSync(join(directory, name), 'utf8') }));

describe.each(publishedPackages().filter(({ manifest }) => !ITSELF.has(manifest.name)))('$manifest.name without tracing', async ({ directory, manifest }) => {
  const library = await libraryBuild(join(ROOT, directory));
  const program = await programOf(library);
  const plain = join(ROOT, directory, 'dist');
  const stripped = join(temporary, manifest.name, 'dist');
  // What it says about side effects decides what bundlers drop.
  cpSync(join(ROOT, directory, 'package.json'), join(temporary, manifest.name, 'package.json'));
  await buildWithoutTrace(library, program, stripped);

  test('every trace statement is guarded', () => {
    expect(program.survey().sites).toEqual([]);
  });

  test('the default flavour has none of the trace\'s identifiers', () => {
    expect(leftIdentifiers(scripts(plain), Object.keys(twin), program.parse)).toEqual([]);
  });

  test('five bundlers make the same size of both, and rolldown the same bytes', async () => {
    const entries = Object.keys(library.entries).map((name) => `${name}.js`);
    const comparisons = await compareBuilds({ plain, stripped, entries, platform: library.platform });
    expect(comparisons.map(({ bundler }) => bundler)).toEqual([...BUNDLER_NAMES]);
    for (const { bundler, bytes, strippedBytes, identical } of comparisons) {
      const kept = bytes === strippedBytes ? [] : program.survey().leftovers.map(({ file, line, code }) => `${file}:${line} ${code}`);
      expect({ bundler, bytes, kept }).toEqual({ bundler, bytes: strippedBytes, kept: [] });
      if (bundler === 'rolldown') expect(identical).toBe(true);
    }
  });
});

import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { SAME_IN_BOTH_FLAVOURS } from '@p2p/tooling-vitest';
import { describe, expect, test } from 'vitest';
import { importsOf } from '../src/imports.ts';
import { publishedPackages, readSource, ROOT } from '../src/source-files.ts';

/** Packages of this repository that a file and all that it imports load, types aside. */
function packagesLoadedBy(file: string): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier } of importsOf(path, readSource(path), { values: true })) {
      if (specifier.startsWith('.')) visit(normalize(join(dirname(path), specifier)));
      else if (specifier.startsWith('@p2p/')) found.add(specifier.split('/').slice(0, 2).join('/'));
    }
  };
  visit(file);
  return found;
}

const files = (directory: string, globs: readonly string[]): string[] => globs.flatMap((glob) => globSync(`${directory}/${glob}`, { cwd: ROOT }).filter((path) => path.endsWith('.test.ts')));

/** That have one build. */
const UNTRACED = new Set(['@p2p/dave-wire', '@p2p/testkit']);

describe.each(Object.entries(SAME_IN_BOTH_FLAVOURS))('what the traced flavour of %s leaves out', (directory, { loadNoTrace = [], oneBuild = [], ownProcesses = [] }) => {
  test('is there', () => {
    for (const glob of [...loadNoTrace, ...oneBuild, ...ownProcesses]) expect(files(directory, [glob]).length, glob).toBeGreaterThan(0);
  });

  test('loads nothing that asks whether it is traced', () => {
    for (const file of files(directory, loadNoTrace)) expect([...packagesLoadedBy(file)].filter((name) => !UNTRACED.has(name)), file).toEqual([]);
  });
});

test('a file that loads the trace package would be seen', () => {
  expect(packagesLoadedBy('packages/dave-node/test/integration/trace.test.ts')).toContain('@p2p/trace');
});

test('packages with one build have one flavour to test', () => {
  for (const { directory, manifest } of publishedPackages()) {
    const isTraced = manifest.dependencies?.['@p2p/trace'] !== undefined || manifest.name === '@p2p/trace';
    const { scripts = {} } = JSON.parse(readSource(`${directory}/package.json`)) as { scripts?: Record<string, string> };
    expect([directory, 'test:traced' in scripts]).toEqual([directory, isTraced]);
  }
});

test('the cache differs between its flavours where it opens a local store, and nowhere else', () => {
  const dist = join(ROOT, 'packages/cache-backend/dist');
  const differing = globSync('**/*.js', { cwd: join(dist, 'traced') }).filter((path) => !readFileSync(join(dist, 'traced', path)).equals(readFileSync(join(dist, path))));
  expect(differing).toEqual(['local-cache-backend.js']);
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from '../src/imports.ts';
import { publishedPackages, readSource, ROOT, sourceFiles } from '../src/source-files.ts';

/** All relative targets of an exports map with the conditions that lead to them. */
function targets(exports: unknown, path: readonly string[] = []): { conditions: string; target: string }[] {
  if (typeof exports === 'string') return [{ conditions: path.join(' → '), target: exports }];
  if (typeof exports !== 'object' || exports === null) throw new TypeError(`bad exports at ${path.join(' → ')}`);
  return Object.entries(exports).flatMap(([key, value]) => targets(value, [...path, key]));
}

describe.each(publishedPackages())('$manifest.name', ({ directory, manifest }) => {
  test('every target of its exports was built', () => {
    const missing = targets(manifest.exports).filter(({ target }) => !existsSync(join(ROOT, directory, target)));
    expect(missing).toEqual([]);
  });

  test('everything it imports is a declared dependency', () => {
    const declared = new Set([manifest.name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies })]);
    const undeclared = sourceFiles(directory).flatMap((path) =>
      importsOf(path, readSource(path))
        .filter(({ specifier }) => !/^(?:\.|node:|<computed>)/.test(specifier))
        .filter(({ specifier }) => !declared.has(specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(undeclared).toEqual([]);
  });

  test('it ships README and LICENSE is named', () => {
    expect(existsSync(join(ROOT, directory, 'README.md'))).toBe(true);
    expect(manifest).toMatchObject({ license: 'MIT', type: 'module' });
  });
});

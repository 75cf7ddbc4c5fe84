import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { layerOf, MAY_IMPORT } from '../src/boundaries.ts';
import { importsOf } from '../src/imports.ts';
import { impureUses } from '../src/impure-names.ts';
import { publishedPackages, readSource, sourceFiles } from '../src/source-files.ts';

const packages = publishedPackages();

test('every package has its place in the architecture', () => {
  expect(packages.map(({ manifest }) => manifest.name).toSorted()).toEqual(Object.keys(MAY_IMPORT).toSorted());
});

describe.each(packages)('$manifest.name', ({ directory, manifest }) => {
  const files = sourceFiles(directory);

  test('has sources', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  test('imports only packages below it', () => {
    const wrong = files.flatMap((path) =>
      importsOf(path, readSource(path))
        .filter(({ specifier }) => specifier.startsWith('@p2p/'))
        .filter(({ specifier }) => {
          const name = specifier.split('/').slice(0, 2).join('/');
          return name !== manifest.name && MAY_IMPORT[manifest.name]?.includes(name) !== true;
        })
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('its core imports neither node:* nor its own shell', () => {
    const wrong = files
      .filter((path) => layerOf(path) === 'core')
      .flatMap((path) =>
        importsOf(path, readSource(path))
          .filter(({ specifier }) => {
            if (specifier.startsWith('node:')) return true;
            if (!specifier.startsWith('.')) return false;
            return layerOf(join(dirname(path), specifier)) === 'shell';
          })
          .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  test('its core takes time, chance and platform as parameters', () => {
    const wrong = files
      .filter((path) => layerOf(path) === 'core')
      .flatMap((path) => impureUses(path, readSource(path)).map(({ name, line }) => `${path}:${line} uses ${name}`));
    expect(wrong).toEqual([]);
  });
});

test('the check sees what it is there for', () => {
  const text = "import { a } from 'node:fs';\nexport * from './io/x.ts';\nconst t: Date = f(Date.now(), Math.random(), o.process, { setTimeout: 1 });\nawait import('node:net');";
  expect(importsOf('probe.ts', text).map(({ specifier }) => specifier)).toEqual(['node:fs', './io/x.ts', 'node:net']);
  expect(impureUses('probe.ts', text).map(({ name }) => name)).toEqual(['Date', 'Math.random']);
});

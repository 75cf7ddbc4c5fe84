import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BUNDLER_NAMES, compareBuilds, leftIdentifiers } from '@p2p/trace/check';
import * as twin from '@p2p/trace-noop';
import { library } from '@p2p/tooling-tsdown';
import { afterAll, describe, expect, test } from 'vitest';
import { buildDefault, buildWithoutTrace, programOf, scriptsIn, type LibraryBuild } from '../src/build-without-trace.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures/leaks');
const temporary = mkdtempSync(join(tmpdir(), 'p2p-leaks-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

interface Verdict {
  /** `file:line kind` of every place that is not guarded. */
  sites: string[];
  /** Whether some bundler makes more of the default flavour than of the stripped one. */
  differs: boolean;
  /** Names of the trace that are left. */
  left: string[];
}

/** A library of one file, built and judged as the published ones are. */
async function judge(name: string): Promise<Verdict> {
  const build: LibraryBuild = {
    directory: FIXTURES,
    entries: { [name]: `${name}.ts` },
    platform: 'node',
    configs: library({ entry: { [name]: `${name}.ts` }, platform: 'node', traced: true }).slice(0, 1),
  };
  const program = await programOf(build);
  const plain = join(temporary, name, 'plain');
  const stripped = join(temporary, name, 'without');
  await buildDefault(build, plain);
  await buildWithoutTrace(build, program, stripped);
  const comparisons = await compareBuilds({ plain, stripped, entries: [`${name}.js`], platform: 'node' });
  expect(comparisons.map(({ bundler }) => bundler)).toEqual([...BUNDLER_NAMES]);
  const scripts = scriptsIn(plain).map((file) => ({ name: file, code: readFileSync(join(plain, file), 'utf8') }));
  return {
    sites: program.survey().sites.map(({ file, line, kind }) => `${basename(file)}:${line} ${kind}`),
    differs: comparisons.some(({ bundler, bytes, strippedBytes, identical }) => bytes !== strippedBytes || (bundler === 'rolldown' && !identical)),
    left: leftIdentifiers(scripts, Object.keys(twin), program.parse).map(({ name: left }) => left),
  };
}

describe('a library that does everything right passes', () => {
  test('guarded', async () => {
    expect(await judge('guarded')).toEqual({ sites: [], differs: false, left: [] });
  });
});

describe('every way to pay for tracing when it is off is seen', () => {
  test.each<[string, Verdict]>([
    ['unguarded-call', { sites: ['unguarded-call.ts:8 call'], differs: true, left: ['packetSent'] }],
    ['comma', { sites: ['comma.ts:9 expression'], differs: true, left: ['packetSent'] }],
    ['field', { sites: ['field.ts:4 field', 'field.ts:5 field'], differs: true, left: [] }],
    ['parameter', { sites: ['parameter.ts:3 parameter', 'parameter.ts:8 parameter', 'parameter.ts:9 argument', 'parameter.ts:9 argument'], differs: true, left: [] }],
    ['private-member', { sites: [], differs: true, left: ['packetSent'] }],
    ['clock', { sites: [], differs: true, left: [] }],
    ['top-level', { sites: [], differs: true, left: [] }],
    ['order', { sites: ['order.ts:9 order'], differs: false, left: [] }],
    // Our own build folds these; other bundlers do not always.
    ['expression', { sites: ['expression.ts:8 expression', 'expression.ts:9 expression'], differs: false, left: [] }],
    ['context', { sites: ['context.ts:4 variable'], differs: false, left: [] }],
    ['wrapper', { sites: ['wrapper.ts:17 call'], differs: true, left: [] }],
  ])('%s', async (name, expected) => {
    expect(await judge(name)).toEqual(expected);
  });
});

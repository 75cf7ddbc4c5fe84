import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckResult } from '../../src/check/index.ts';

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(PACKAGE, 'dist/check/main.js');
const directories: string[] = [];
afterAll(() => directories.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

/** Somebody's program, with this package installed. */
function program(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'p2p-check-'));
  directories.push(directory);
  mkdirSync(join(directory, 'node_modules/@p2p'), { recursive: true });
  symlinkSync(PACKAGE, join(directory, 'node_modules/@p2p/trace'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  return directory;
}

function check(cwd: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'check', ...args], { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const GUARDED = {
  'src/main.ts': `import { TRACE, newTrace, type EventLog, type TraceContext } from '@p2p/trace';
import { itemOf } from './item.ts';
export interface Modules { trace?: EventLog; send(bytes: Uint8Array): void }
export class Sender {
  declare context: TraceContext;
  readonly #modules: Modules;
  constructor(modules: Modules) {
    this.#modules = modules;
    if (TRACE) this.context = newTrace();
  }
  send(bytes: Uint8Array): void {
    if (TRACE) this.#modules.trace?.packetSent(this.context, undefined, bytes.length, itemOf(this.context));
    this.#modules.send(bytes);
  }
}
`,
  'src/item.ts': `import { TRACE, type TraceContext } from '@p2p/trace';
const seen: TraceContext[] = [];
export function itemOf(context: TraceContext): number { seen.push(context); if (TRACE) seen.pop(); return seen.length; }
`,
};

const LEAKY = {
  'main.ts': GUARDED['src/main.ts'].replaceAll('./item', './src/item').replace('if (TRACE) this.#modules', 'this.#modules').replace('declare context', 'context'),
  'src/item.ts': GUARDED['src/item.ts'],
};

describe('p2p-trace check', () => {
  test('a program whose trace statements are all guarded costs nothing in any bundler', () => {
    const { status, stdout, stderr } = check(program(GUARDED), 'src/main.ts', '--json');
    const result = JSON.parse(stdout) as CheckResult;
    expect(result).toMatchObject({ zeroCost: true, files: 1, sites: [], leftovers: [], missing: [] });
    expect(result.comparisons.map(({ bundler, bytes, strippedBytes }) => [bundler, bytes - strippedBytes])).toEqual([
      ['esbuild', 0],
      ['rollup', 0],
      ['rolldown', 0],
      ['vite', 0],
      ['webpack', 0],
    ]);
    for (const { bytes } of result.comparisons) expect(bytes).toBeGreaterThan(50);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('one that is not is told where, and what it costs', () => {
    const directory = program(LEAKY);
    const { status, stdout } = check(directory, 'main.ts');
    expect(stdout).toMatch(/^main\.ts:5:3 {2}context: TraceContext;\n {4}this field stays in the class: declare it/m);
    expect(stdout).toMatch(/^main\.ts:12:5 {2}this\.#modules\.trace\?\.packetSent\(/m);
    expect(stdout).toMatch(/^esbuild .* \+\d+ bytes$/m);
    expect(stdout).toMatch(/^webpack .* \+\d+ bytes$/m);
    expect(stdout).toMatch(/^not zero cost: 1 files, \d+ pieces of tracing, 2 not guarded$/m);
    expect(status).toBe(1);
    expect((JSON.parse(check(directory, 'main.ts', '--json', '--bundlers', 'rolldown').stdout) as CheckResult).comparisons).toMatchObject([{ bundler: 'rolldown', identical: false }]);
  });

  test('JavaScript is checked as well', () => {
    const directory = program({ 'main.js': "import { TRACE, newTrace } from '@p2p/trace';\nexport const f = (log) => { if (TRACE) log.packetLost(newTrace(), undefined, 1); return 1; };\nexport const g = (log) => void log.packetLost(undefined, undefined, 1);\n" });
    const { status, stdout } = check(directory, 'main.js', '--json', '--bundlers', 'esbuild,rolldown');
    expect((JSON.parse(stdout) as CheckResult).sites).toMatchObject([{ file: 'main.js', line: 3, kind: 'call' }]);
    expect(status).toBe(1);
  });

  test.each([
    ['no entry', [], /CHECK_USAGE/],
    ['an entry that is not there', ['nowhere.ts'], /CHECK_UNREADABLE/],
    ['a file that is no program', ['broken.ts'], /CHECK_SYNTAX/],
    ['an unknown bundler', ['broken.ts', '--bundlers', 'parcel'], /CHECK_USAGE.*esbuild, rollup, rolldown, vite, webpack/],
    ['an unknown option', ['--fast'], /ERR_PARSE_ARGS/],
    ['an unknown platform', ['broken.ts', '--platform', 'deno'], /CHECK_USAGE/],
    ['an import that leads nowhere', ['lost.ts', '--bundlers', 'esbuild'], /CHECK_BUNDLE_FAILED/],
  ])('what cannot be checked is no verdict: %s', (_name, args, expected) => {
    const directory = program({ 'broken.ts': 'const = 1;', 'lost.ts': "import './gone.ts';" });
    const { status, stdout, stderr } = check(directory, ...args, '--json');
    expect(JSON.stringify((JSON.parse(stdout) as { error: unknown }).error)).toMatch(expected);
    expect(stderr).toMatch(/^p2p-trace: /);
    expect(status).toBe(2);
  });
});

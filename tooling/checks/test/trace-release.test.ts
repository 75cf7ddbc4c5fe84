import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftIdentifiers, openProgram } from '@p2p/trace/check';
import * as twin from '@p2p/trace-noop';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer } from 'vite';
import { filesOfPage, RELEASE_PROJECT, writeReleaseProject } from '../src/release-page.ts';
import { ROOT } from '../src/source-files.ts';

const OFF = 'sent 100 bytes\n';
const ON = 'sent 100 bytes\nrecorded 1 event\n';
const BIN = join(ROOT, 'tooling/checks/node_modules/.bin');
const ROOT_BIN = join(ROOT, 'node_modules/.bin');

beforeAll(() => {
  writeReleaseProject();
});

afterAll(() => rmSync(RELEASE_PROJECT, { recursive: true, force: true }));

/** Runs a command of the page in its project; the flavour of these tests must not choose for it. */
function run(command: string, args: readonly string[], env: Record<string, string> = {}, cwd = RELEASE_PROJECT): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, timeout: 60_000 });
  if (error !== undefined) throw error;
  expect({ command, args, status, stderr: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ command, args, status: 0, stderr: '' });
  return stdout;
}

const node = (...args: string[]): string => run(process.execPath, args);

test('Node: off without a word, on by the condition or by NODE_OPTIONS', () => {
  expect(node('src/main.js')).toBe(OFF);
  expect(node('--conditions=p2p-trace', 'src/main.js')).toBe(ON);
  expect(run(process.execPath, ['src/main.js'], { NODE_OPTIONS: '-C p2p-trace' })).toBe(ON);
});

describe('every bundler: a release without a trace of it, and a debug build that records', () => {
  test.each([
    ['esbuild', process.execPath, ['esbuild.mjs']],
    ['rollup', join(BIN, 'rollup'), ['--silent', '--config', 'rollup.config.mjs']],
    ['rolldown', join(BIN, 'rolldown'), ['--config', 'rolldown.config.mjs']],
    ['vite', join(BIN, 'vite'), ['build', '--config', 'vite.config.mjs', '--logLevel', 'error']],
    ['webpack', process.execPath, ['run-webpack.mjs']],
  ])('%s', async (name, command, args) => {
    const file = join('out', `${name}.mjs`);
    run(command, args);
    expect(node(file)).toBe(OFF);
    const code = readFileSync(join(RELEASE_PROJECT, file), 'utf8');
    const { parse } = await openProgram([join(RELEASE_PROJECT, 'src/main.js')]);
    expect(leftIdentifiers([{ name: file, code }], Object.keys(twin), parse)).toEqual([]);
    expect(code.length).toBeLessThan(400);
    run(command, args, { TRACED: '1' });
    expect(node(file)).toBe(ON);
  });

  test('the check of the page says so, with all five compared', () => {
    expect(run(process.execPath, [join(ROOT, 'packages/trace/dist/check/main.js'), 'check', 'src/main.js'])).toMatch(/^zero cost: /m);
  });
});

test('the Vite dev server traces', async () => {
  const server = await createServer({ root: RELEASE_PROJECT, configFile: join(RELEASE_PROJECT, 'vite.config.mjs'), logLevel: 'silent', server: { middlewareMode: true, ws: false }, appType: 'custom' });
  try {
    const result = await server.environments.client.transformRequest('/src/main.js');
    expect(result?.code).toMatch(/packages\/trace\/dist\/index\.js/);
  } finally {
    await server.close();
  }
});

test.each(['', '1'])('vitest runs tests in the flavour of TRACED=%s', (traced) => {
  run(join(ROOT_BIN, 'vitest'), ['run', '--config', 'vitest.config.mjs', '--root', '.'], { TRACED: traced });
});

test('a library in two flavours, by tsdown', async () => {
  run(join(ROOT_BIN, 'tsdown'), ['--config', 'tsdown.config.mjs', '--logLevel', 'error']);
  expect(node('dist/main.js')).toBe(OFF);
  expect(node('--conditions=p2p-trace', 'dist/traced/main.js')).toBe(ON);
  const { parse } = await openProgram([join(RELEASE_PROJECT, 'src/main.js')]);
  expect(leftIdentifiers([{ name: 'main.js', code: readFileSync(join(RELEASE_PROJECT, 'dist/main.js'), 'utf8') }], Object.keys(twin), parse)).toEqual([]);
  const exported = JSON.parse(filesOfPage().get('package.json#exports') ?? '') as { '.': Record<string, string> };
  expect(Object.keys(exported['.'])).toEqual(['types', 'p2p-trace', 'default']);
  for (const condition of ['p2p-trace', 'default']) expect(existsSync(join(RELEASE_PROJECT, exported['.'][condition] ?? '')), condition).toBe(true);
});

describe('a program that has the twin alone, by an override', () => {
  const directory = mkdtempSync(join(tmpdir(), 'p2p-override-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const pnpm = process.env['npm_execpath']?.includes('pnpm') === true ? [process.env['npm_execpath']] : ['npx', '-y', 'pnpm@12'];
  const runPnpm = (args: readonly string[], cwd: string): string => {
    const [command = '', ...first] = pnpm;
    // A script of pnpm, or its executable.
    return command.endsWith('js') ? run(process.execPath, [command, ...first, ...args], { CI: 'true' }, cwd) : run(command, [...first, ...args], { CI: 'true' }, cwd);
  };

  beforeAll(() => {
    const packed = runPnpm(['pack', '--pack-destination', directory], join(ROOT, 'packages/trace-noop')).trim().split('\n').at(-1) ?? '';
    const yaml = filesOfPage().get('pnpm-workspace.yaml') ?? '';
    // What would be the registry's, before it is there.
    const override = yaml.replace(/npm:@p2p\/trace-noop@[^']+/, `file:${packed}`);
    expect(override).not.toBe(yaml);
    writeFileSync(join(directory, 'pnpm-workspace.yaml'), `${override}pmOnFail: ignore\n`);
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'release', private: true, type: 'module', dependencies: { '@p2p/trace': '^0.1.0' } }));
    writeFileSync(join(directory, 'main.js'), filesOfPage().get('src/main.js') ?? '');
    writeFileSync(
      join(directory, 'main.ts'),
      `import { AppRegistry, childOf, createEventLog, newTrace, TRACE, TraceQuery, type EventLog, type TraceContext } from '@p2p/trace';
const log: EventLog = createEventLog({ slots: 64 });
const context: TraceContext = childOf(newTrace());
if (TRACE) log.packetSent(context, undefined, 1, 1n);
const query: TraceQuery = new TraceQuery(log);
console.log(TRACE, query.recent(1).length, new AppRegistry().register({ appId: new Uint8Array(4), writeTraceData: () => {}, describeCommand: () => '' }), context.traceIdHex);
`,
    );
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { target: 'es2024', lib: ['es2024', 'dom'], module: 'nodenext', strict: true, noEmit: true, types: [], skipLibCheck: false }, include: ['main.ts'] }),
    );
    runPnpm(['install', '--offline', '--ignore-scripts'], directory);
  }, 60_000);

  test('has nothing else installed', () => {
    const { name } = JSON.parse(readFileSync(join(directory, 'node_modules/@p2p/trace/package.json'), 'utf8')) as { name: string };
    expect(name).toBe('@p2p/trace-noop');
    expect(existsSync(join(directory, 'node_modules/@p2p/trace-noop'))).toBe(false);
  });

  test('type-checks', () => {
    run(join(ROOT_BIN, 'tsc'), ['-p', '.', '--pretty', 'false'], {}, directory);
  });

  test('runs, and no condition switches tracing on', () => {
    for (const conditions of [[], ['--conditions=p2p-trace']]) {
      expect(run(process.execPath, [...conditions, 'main.ts'], {}, directory)).toBe(`false 0 true ${'0'.repeat(32)}\n`);
      expect(run(process.execPath, [...conditions, 'main.js'], {}, directory)).toBe(OFF);
    }
  });

  test('also where a traced flavour is loaded: it finds the twin', () => {
    run(join(ROOT_BIN, 'tsdown'), ['--config', 'tsdown.config.mjs', '--logLevel', 'error']);
    cpSync(join(RELEASE_PROJECT, 'dist/traced'), join(directory, 'traced'), { recursive: true });
    expect(readFileSync(join(directory, 'traced/main.js'), 'utf8')).toMatch(/from "@p2p\/trace"/);
    expect(run(process.execPath, ['--conditions=p2p-trace', 'traced/main.js'], {}, directory)).toBe(OFF);
  });
});

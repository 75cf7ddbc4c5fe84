import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const VITEST = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const LIMIT_MS = 60_000;

interface Report {
  readonly success: boolean;
  readonly numPendingTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly { assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[] }[];
}

it.concurrent('without a Go toolchain the suites are skipped and say why', async ({ expect }) => {
  const { code, report } = await runWithoutGo({});
  expect(code).toBe(0);
  expect(report).toMatchObject({ success: true, numPendingTests: report.numTotalTests });
  expect(namesOf(report).every((name) => name.includes('skipped: no Go toolchain'))).toBe(true);
}, LIMIT_MS);

it.concurrent('in CI they fail and say why', async ({ expect }) => {
  const { code, report } = await runWithoutGo({ CI: 'true' });
  expect(code).not.toBe(0);
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['failed']));
  for (const { failureMessages } of results) expect(failureMessages.join()).toContain('no Go toolchain: install Go');
}, LIMIT_MS);

function namesOf(report: Report): string[] {
  const names = report.testResults.flatMap(({ assertionResults }) => assertionResults.map(({ fullName }) => fullName));
  expect(names.length).toBeGreaterThan(0);
  return names;
}

async function runWithoutGo(more: Readonly<Record<string, string>>): Promise<{ code: number | null; report: Report }> {
  const { CI: _, P2P_REPORT_DIR: __, ...rest } = process.env;
  const outer = Object.entries(rest).filter(([name]) => !name.startsWith('VITEST'));
  const folder = await mkdtemp(join(tmpdir(), 'without-go-'));
  try {
    const file = join(folder, 'report.json');
    const child = spawn(process.execPath, [VITEST, 'run', 'test/wire-go.test.ts', '--reporter=json', `--outputFile.json=${file}`], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...Object.fromEntries(outer), ...more, DAVE_INTEROP_GO: join(import.meta.dirname, 'no-such-go') },
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, report: JSON.parse(await readFile(file, 'utf8')) as Report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

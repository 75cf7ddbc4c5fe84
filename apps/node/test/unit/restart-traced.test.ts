import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { asksForTracing } from '../../src/restart-traced.ts';

const directory = mkdtempSync(join(tmpdir(), 'dave-restart-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A program that restarts itself, with or without the system's help, and then ends in some way. */
function restarting(ending: string, execve: boolean): { status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string } {
  const file = join(directory, `${Math.random()}.mjs`);
  writeFileSync(
    file,
    `import { restartTraced } from ${JSON.stringify(new URL('../../src/restart-traced.ts', import.meta.url).href)};
     if (process.execArgv.includes('--conditions=p2p-trace')) { console.log(process.argv.slice(2).join(' ')); ${ending} }
     else { ${execve ? '' : 'process.execve = undefined;'} await restartTraced(process); }`,
  );
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [file, 'up', '--traced'], { encoding: 'utf8' });
  return { status, signal, stdout, stderr };
}

test.each([true, false])('the program is started again under the condition, with its arguments and its exit code (execve: %s)', (execve) => {
  expect(restarting('process.exitCode = 5;', execve)).toEqual({ status: 5, signal: null, stdout: 'up --traced\n', stderr: '' });
});

test('where the system cannot replace a process, an interrupted child is an interrupted program', () => {
  expect(restarting("process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000);", false).status).toBe(130);
});

test('--traced counts among the words of the program only', () => {
  expect(asksForTracing(['up', '--traced'])).toBe(true);
  expect(asksForTracing(['--traced', 'up'])).toBe(true);
  expect(asksForTracing(['put', 'key', '--', '--traced'])).toBe(false);
  expect(asksForTracing(['up'])).toBe(false);
});

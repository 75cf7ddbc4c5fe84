import { expect, test } from 'vitest';
import { createOutput, toJson, type Output, type Sink } from '../../src/cli/output.ts';
import { redrawer } from '../../src/cli/redraw.ts';
import { describeWork, withWorkProgress } from '../../src/cli/work-progress.ts';
import { ownCommand } from '../../src/cli/own-command.ts';

function sink(isTTY: boolean): Sink & { text: string } {
  const made = {
    isTTY,
    text: '',
    write(chunk: string | Uint8Array, done?: unknown): boolean {
      made.text += String(chunk);
      if (typeof done === 'function') done();
      return true;
    },
  };
  return made;
}

test('progress is replaced by what comes after it, on a terminal', async () => {
  const [stdout, stderr] = [sink(true), sink(true)];
  const output = createOutput({ json: false, quiet: false, stdout, stderr });
  output.progress('1');
  output.progress('2');
  output.note('note');
  output.progress('3');
  await output.data('data');
  output.progress('');
  expect(stderr.text).toBe('1\r\u001B[K2\r\u001B[Knote\n3\r\u001B[K');
  expect(stdout.text).toBe('data');
});

test.each([
  ['no terminal', { json: false, quiet: false }, false, 'note\n'],
  ['--json', { json: true, quiet: false }, true, 'note\n'],
  ['--quiet', { json: false, quiet: true }, true, ''],
])('no progress with %s', (_what, flags, isTTY, text) => {
  const stderr = sink(isTTY);
  const output = createOutput({ ...flags, stdout: sink(false), stderr });
  output.progress('1');
  output.note('note');
  output.progress('');
  expect(stderr.text).toBe(text);
});

test('a failed write to standard output is told apart from a reader that has gone', async () => {
  const broken = (code: string): Sink => ({
    isTTY: false,
    write: (_chunk: unknown, done: unknown) => {
      (done as (error: Error) => void)(Object.assign(new Error(code), { code }));
      return false;
    },
  });
  const output = (code: string): Output => createOutput({ json: false, quiet: false, stdout: broken(code), stderr: sink(false) });
  await expect(output('EPIPE').data('x')).rejects.toMatchObject({ code: 'APP_OUTPUT_CLOSED' });
  await expect(output('ENOSPC').data('x')).rejects.toMatchObject({ code: 'APP_OUTPUT_FAILED', message: expect.stringContaining('ENOSPC') });
});

test('ids above 2^53 keep all their digits in JSON', () => {
  expect(toJson({ small: 5n, large: 2n ** 63n, bytes: new Uint8Array([0, 255]) })).toBe('{"small":5,"large":"9223372036854775808","bytes":"00ff"}');
});

test('a search is described by what was tried and what is needed on average', () => {
  expect(describeWork(24, 12_345_678, 500)).toBe('24 bits of work: 12.3 M hashes tried, 16.8 M needed on average, 24.7 Mhash/s');
  expect(describeWork(8, 12, 0)).toBe('8 bits of work: 12 hashes tried, 256 needed on average');
  expect(describeWork(64, 1, 1000)).toContain('18.4 E needed');
});

test('long work is shown at most ten times a second and taken away in the end, short work is not shown', async () => {
  const stderr = sink(true);
  const output = createOutput({ json: false, quiet: false, stdout: sink(true), stderr });
  const search = (onProgress: (progress: { hashes: number }) => void): Promise<string> => {
    for (let hashes = 0; hashes < 1000; hashes++) onProgress({ hashes });
    return Promise.resolve('found');
  };
  expect(await withWorkProgress(output, 19, search)).toBe('found');
  expect(stderr.text).toBe('');
  expect(await withWorkProgress(output, 20, search)).toBe('found');
  expect(stderr.text.split('\r')).toEqual([expect.stringMatching(/^20 bits of work: 0 hashes tried, 1\.0 M needed on average/), '\u001B[K']);
  await expect(withWorkProgress(output, 20, () => Promise.reject(new Error('stopped')))).rejects.toThrow('stopped');
});

test('a picture replaces the one before, wrapped lines counted', () => {
  const draw = redrawer(() => ({ columns: 10 }));
  expect(draw('a\nb')).toBe('a\nb');
  expect(draw('123456789012345\n\u001B[1mb\u001B[0m')).toBe('\u001B[2A\r\u001B[J123456789012345\n\u001B[1mb\u001B[0m');
  expect(draw('c')).toBe('\u001B[3A\r\u001B[Jc');
});

test('what does not fit the screen is left out, so that the next picture replaces all of this one', () => {
  const draw = redrawer(() => ({ columns: 12, rows: 4 }));
  expect(draw('a\nb\nc\nd\ne')).toBe('a\n… 4 more lines');
  expect(draw('a\nb\nc')).toBe('\u001B[3A\r\u001B[Ja\nb\nc');
});

test.each([0, undefined])('a terminal that says it has %j columns is taken for one of 80', (columns) => {
  const draw = redrawer(() => ({ columns }));
  draw('x'.repeat(81));
  expect(draw('')).toBe('\u001B[2A\r\u001B[J');
});

test('hints name the command as it was started', () => {
  const started = (script: string, env = {}): string => ownCommand({ argv: ['node', script], env, cwd: () => '/repo' });
  expect(started('/usr/bin/dave')).toBe('dave');
  expect(started('/repo/apps/node/dist/main.js')).toBe('node apps/node/dist/main.js');
  expect(started('/repo/apps/node/dist/main.js', { npm_lifecycle_event: 'start' })).toBe('npx -y pnpm@12 dave');
});

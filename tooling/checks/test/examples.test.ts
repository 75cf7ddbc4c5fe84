import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSource, ROOT } from '../src/source-files.ts';

const PROGRAMS = globSync('examples/*.ts', { cwd: ROOT }).map((path) => path.slice('examples/'.length)).toSorted();

/** What must be in the output. */
const EXPECTED: Readonly<Record<string, readonly RegExp[]>> = {
  'sign-and-verify.ts': [/what came over the wire holds/, /with another value it is refused: signature/],
  'two-nodes.ts': [/2 replicas have it: stored, stored/, /the client reads 'hello' from first/],
  'batch.ts': [/1000 of 1000 dats confirmed by 3 replicas/, /read back 'value 999'/],
  'backup-import.ts': [/exported 100 dats/, /of 100 records 99 were imported and 1 refused/, /read 'value 99'/],
  // Without the condition they do the same and record nothing.
  'trace-data-map.ts': [/^store: true, get: true, get of another: false$/m],
  'quic-tracing.ts': [/100000 of 100000 bytes came back, the relay lost \d+ datagrams/],
  'record-store-kademlia.ts': [/forged: invalid/, /who has it: .* and /, /copies after replication: 8 of 8/],
  'record-store-level.ts': [/key 3 holds 'value 3'/, /still provided: film/, /left to send: 4/],
  'metrics.ts': [/^dave_store_entries 1$/m, /^dave_puts_total\{outcome="written"\} 1$/m],
};

test('the README lists every example', () => {
  const readme = readSource('examples/README.md');
  expect(PROGRAMS.filter((program) => !readme.includes(`](${program})`))).toEqual([]);
  expect(PROGRAMS).toEqual(expect.arrayContaining(Object.keys(EXPECTED)));
});

test('examples type-check', async () => {
  const tsc = spawn(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(ROOT, 'examples'), '--pretty', 'false'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let complaints = '';
  tsc.stdout.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const [code] = (await once(tsc, 'close')) as [number | null];
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
});

test.each(PROGRAMS)('%s runs, says something and ends by itself', async (program) => {
  const traced = process.env['P2P_FLAVOUR'] === 'traced' ? ['--conditions=p2p-trace'] : [];
  const example = spawn(process.execPath, [...traced, join(ROOT, 'examples', program)], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000, killSignal: 'SIGKILL' });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) example[stream].on('data', (chunk: Buffer) => (output[stream] += chunk.toString()));
  const [code] = (await once(example, 'close')) as [number | null];
  expect({ code, stderr: output.stderr }).toEqual({ code: 0, stderr: '' });
  expect(output.stdout).not.toBe('');
  for (const pattern of EXPECTED[program] ?? []) expect(output.stdout).toMatch(pattern);
});

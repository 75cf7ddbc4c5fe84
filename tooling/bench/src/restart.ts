import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DaveNode } from '@p2p/dave-node';
import { generateKeyPair } from '@p2p/dave-wire';
import { keyOf, prepare } from './restart-data.ts';

/*
 * A node restarts on a directory with a million dats: how long until it answers GETs, over real sockets,
 * for dats that it has not read back yet; how long until it has read all; what memory an entry takes.
 *
 *   node src/restart.ts [directory]      DATS=1000000 VALUE_BYTES=100
 *
 * The directory is made once and used again.
 */
const DATS = Number(process.env['DATS'] ?? 1_000_000);
const VALUE_BYTES = Number(process.env['VALUE_BYTES'] ?? 100);
const GOAL_MS = 5000;
const GETS = 2000;
const AT_ONCE = 32;
const MAIN = fileURLToPath(new URL('../../../apps/node/dist/main.js', import.meta.url));

interface Started extends AsyncDisposable {
  readonly pid: number;
  readonly listen: string;
  readonly publicKey: string;
  readonly startedMs: number;
  readonly listeningMs: number;
  /** Resolves with the line that says that everything has been read. */
  readonly restored: Promise<string>;
}

async function start(dataDir: string): Promise<Started> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [MAIN, 'up', '--json', '--listen', '127.0.0.1:0', '--data-dir', dataDir, '--capacity', '16GiB'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lineOf = (stream: 'stdout' | 'stderr', wanted: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        const line = text.split('\n').find((one) => wanted.test(one));
        if (line !== undefined) resolve(line);
      });
      child.once('exit', (code) => reject(new Error(`the node ended with ${code}: ${text}`)));
    });
  const restored = lineOf('stderr', /read the records of earlier runs/);
  const { listen, publicKey } = JSON.parse(await lineOf('stdout', /^\{"event":"listening"/)) as { listen: string; publicKey: string };
  return {
    pid: child.pid!,
    listen,
    publicKey,
    startedMs,
    listeningMs: performance.now() - startedMs,
    restored,
    [Symbol.asyncDispose]: async () => {
      restored.catch(() => undefined);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function memoryOf(pid: number): Promise<{ anonymous: number; file: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { anonymous: bytes('RssAnon'), file: bytes('RssFile') };
}

const percentile = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

const directory = process.argv[2] ?? join(tmpdir(), `dave-restart-${DATS}-${VALUE_BYTES}`);
{
  await using owner = await start(directory);
  await owner.restored;
}
const data = await prepare(directory, DATS, VALUE_BYTES);

// What a node takes with nothing in it.
let emptyBytes: number;
{
  await using empty = await start(join(directory, 'empty'));
  await empty.restored;
  emptyBytes = (await memoryOf(empty.pid)).anonymous;
}

await using node = await start(directory);
const reader = await DaveNode.open({ privateKey: generateKeyPair().privateKey, mode: 'client', listen: '127.0.0.1:0', edges: [`${node.publicKey}@${node.listen}`] });
try {
  await reader.waitForActivePeers(1);
  const get = async (number: number): Promise<number> => {
    const beganMs = performance.now();
    const result = await reader.get(data.publicKey, keyOf(number), { timeoutMs: 10_000 });
    if (!result.found) throw new Error(`${keyOf(number)} was not found`);
    return performance.now() - beganMs;
  };
  // The last in the order of its keys, which is read back last.
  await get(data.dats - 1);
  const firstMs = performance.now() - node.startedMs;
  console.log(`listening after            ${(node.listeningMs / 1000).toFixed(2)} s`);
  console.log(`first GET answered after   ${(firstMs / 1000).toFixed(2)} s   goal ${GOAL_MS / 1000} s: ${firstMs <= GOAL_MS ? 'met' : 'MISSED'}`);
  const times: number[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      // A stride that visits all places of the file.
      while (next < GETS) times.push(await get((next++ * 618_033 + 1) % data.dats));
    }),
  );
  const servedMs = performance.now() - node.startedMs;
  times.sort((one, other) => one - other);
  console.log(`${GETS} more GETs, ${AT_ONCE} at a time, while it reads back: p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms, done after ${(servedMs / 1000).toFixed(2)} s`);
  const report = JSON.parse(await node.restored) as { records: number; admitted: number };
  const restoredMs = performance.now() - node.startedMs;
  const { anonymous, file } = await memoryOf(node.pid);
  console.log(`${report.records} records read back, ${report.admitted} admitted besides those that were asked for, ${VALUE_BYTES} bytes of value each`);
  console.log(`all read back and verified after ${(restoredMs / 1000).toFixed(1)} s`);
  console.log(`memory per entry           ${((anonymous - emptyBytes) / data.dats).toFixed(0)} bytes (anonymous; an empty node has ${(emptyBytes / 2 ** 20).toFixed(0)} MiB, this one ${(anonymous / 2 ** 20).toFixed(0)} MiB and ${(file / 2 ** 20).toFixed(0)} MiB of mapped files)`);
  process.exitCode = firstMs <= GOAL_MS ? 0 : 1;
} finally {
  await reader.close();
}

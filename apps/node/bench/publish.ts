// What it costs to publish a tree on one node of eight and to fetch it on another after two holders were killed.
//
//   node bench/publish.ts [files] [bytes] [difficulty]       default: 2000 20000000 8
//
// Packets are what the kernel counts for all of the machine: run it where nothing else uses the network,
// for instance in a namespace of its own: unshare -n sh -c 'ip link set lo up && exec node bench/publish.ts'.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { generateKeyPair } from '@p2p/dave-wire';
import { Prover } from '../src/publish/io/prover.ts';
import { temporaryHome, type Ended } from '../test/integration/dave-process.ts';
import { PublishNetwork } from '../test/integration/publish-network.ts';
import { describeTree, makeTree } from '../test/integration/tree-fixture.ts';

const [files = 2000, bytes = 20_000_000, difficulty = 8] = process.argv.slice(2).map(Number);
const longestMs = 3_600_000;

interface Packets {
  udp: number;
  tcp: number;
}

/** UDP datagrams and TCP segments that this machine has sent. */
function packets(): Packets {
  const lines = readFileSync('/proc/net/snmp', 'utf8').split('\n');
  const value = (protocol: string, name: string): number => {
    const [names, values] = lines.filter((line) => line.startsWith(`${protocol}: `)).map((line) => line.split(' '));
    return Number(values![names!.indexOf(name)]);
  };
  return { udp: value('Udp', 'OutDatagrams'), tcp: value('Tcp', 'OutSegs') };
}

function row(what: string, elapsedMs: number, more: string): void {
  console.log(`${what.padEnd(38)}${(elapsedMs / 1000).toFixed(2).padStart(8)} s   ${more}`);
}

function result(ended: Ended): Record<string, number> & { path: string } {
  if (ended.code !== 0) throw new Error(`it ended with ${ended.code}: ${ended.out}${ended.err}`);
  return JSON.parse(ended.out) as Record<string, number> & { path: string };
}

async function measured(what: string, run: () => Promise<Ended>, describe: (result: Record<string, number>) => string): Promise<Record<string, number> & { path: string }> {
  const before = packets();
  const ended = await run();
  const after = packets();
  const told = result(ended);
  row(what, told['elapsedMs']!, `${describe(told)}; sent: ${after.udp - before.udp} UDP datagrams, ${after.tcp - before.tcp} TCP segments`);
  return told;
}

async function proofOfWork(count: number): Promise<void> {
  await using prover = new Prover({ privateKey: generateKeyPair().privateKey, difficulty, time: Date.now() - 2000 }, new AbortController().signal);
  const draft = (index: number): { key: string; value: Uint8Array } => ({ key: `t1/${String(index).padStart(43, '0')}`, value: new Uint8Array(randomBytes(1165)) });
  await Promise.all(Array.from({ length: prover.depth }, () => prover.prove([draft(0)])));
  let next = 0;
  const startedMs = performance.now();
  const runner = async (): Promise<void> => {
    while (next < count) {
      const drafts = Array.from({ length: Math.min(prover.batchSize, count - next) }, (_, index) => draft(next + index));
      next += drafts.length;
      await prover.prove(drafts);
    }
  };
  await Promise.all(Array.from({ length: prover.depth }, runner));
  const elapsedMs = performance.now() - startedMs;
  row('signatures and proofs alone', elapsedMs, `${count} dats of ${difficulty} bits, ${((elapsedMs / count) * 1000).toFixed(0)} µs each, about ${((count * 2 ** difficulty) / 1e6).toFixed(1)} M hashes`);
}

await using home = await temporaryHome();
const tree = join(home.path, 'tree');
makeTree(tree, { files, bytes });
execFileSync('sync', ['-f', home.path]);
const copyStartedMs = performance.now();
execFileSync('cp', ['-a', tree, join(home.path, 'copy')]);
execFileSync('sync', ['-f', home.path]);
const copyMs = performance.now() - copyStartedMs;
row('baseline: cp -a and sync', copyMs, `${files} files, ${bytes} bytes`);

const startedMs = performance.now();
await using network = await PublishNetwork.start(home.path, 8);
row('eight nodes, each a process, formed', performance.now() - startedMs, '');
const author = network.daemons[0]!;
const name = `${author.publicKey}/tree`;
const publish = ['publish', tree, '--json', '--difficulty', String(difficulty)];
const pace = (count: number, elapsedMs: number): string => `${Math.round(count / (elapsedMs / 1000))}/s`;

const published = await measured('publish', () => network.at(author, publish, { longestMs }), ({ blocks, acks, elapsedMs }) => `${blocks} blocks, ${pace(blocks!, elapsedMs!)}, ${acks} acknowledgements`);
await proofOfWork(published['blocks']!);
await measured('publish again, nothing changed', () => network.at(author, publish, { longestMs }), ({ sent }) => `${sent} blocks sent`);

const holders = network.holdersOf(author.publicKey);
const reader = network.daemons.find((daemon) => !holders.includes(daemon) && daemon !== author)!;
for (const holder of holders.filter((daemon) => daemon !== author).slice(0, 2)) await network.kill(holder);
const fetched = await measured('fetch, two of five holders killed', () => network.at(reader, ['fetch', name, '--json'], { longestMs }), ({ fetched: count, elapsedMs }) => `${count} blocks, ${pace(count!, elapsedMs!)}`);
console.log(`${''.padEnd(51)}${(fetched['elapsedMs']! / copyMs).toFixed(1)} × the time of cp -a and sync`);
await measured('fetch again, from the cache', () => network.at(reader, ['fetch', name, '--json'], { longestMs }), ({ fetched: count }) => `${count} blocks fetched`);

const [before, after] = [describeTree(tree), describeTree(fetched.path)];
const different = [...before].filter(([path, description]) => after.get(path) !== description);
if (different.length > 0 || before.size !== after.size) throw new Error(`${different.length} of ${before.size} entries differ: ${different[0]?.join(' ')}`);
console.log(`identical: ${before.size} entries (type, mode, time, bytes, links, hardlinks)`);

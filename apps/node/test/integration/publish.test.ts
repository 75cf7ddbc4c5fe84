import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { errorIn, run, start, temporaryHome, type Daemon, type Dave, type Ended } from './dave-process.ts';
import { PublishNetwork } from './publish-network.ts';
import { describeTree, makeTree } from './tree-fixture.ts';

// The full size of the promise takes a minute: `pnpm bench:publish`.
const SIZE = { files: 200, bytes: 1_000_000 };

// Each test runs several commands, each a process.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 });

let home: Awaited<ReturnType<typeof temporaryHome>>;
let network: PublishNetwork;
let author: Daemon;
let reader: Daemon;
let tree: string;

beforeAll(async () => {
  home = await temporaryHome();
  tree = join(home.path, 'tree');
  makeTree(tree, SIZE);
  network = await PublishNetwork.start(home.path, 8);
  author = network.daemons[0]!;
  reader = network.daemons.find((daemon) => daemon !== author && !network.holdersOf(author.publicKey).includes(daemon))!;
});

afterAll(async () => {
  await network?.[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const json = (ended: Ended): Record<string, unknown> => JSON.parse(ended.out) as Record<string, unknown>;

test('a tree published on one node of eight is fetched on another as it was, after two holders were killed', async () => {
  const published = await network.at(author, ['publish', tree, '--json', '--min-acks', '5']);
  expect(published).toMatchObject({ code: 0 });
  expect(json(published)).toMatchObject({ publicKey: author.publicKey, name: 'tree', pointerAcks: 5 });
  expect(json(published)['sent']).toBe(json(published)['blocks']);
  for (const holder of network.holdersOf(author.publicKey).filter((daemon) => daemon !== author).slice(0, 2)) await network.kill(holder);
  const fetched = await network.at(reader, ['fetch', `${author.publicKey}/tree`, '--json']);
  expect(fetched).toMatchObject({ code: 0 });
  expect(json(fetched)).toMatchObject({ source: 'network', fresh: true, blocks: json(published)['blocks'] });
  expect(describeTree(json(fetched)['path'] as string)).toEqual(describeTree(tree));
});

test('a second fetch is answered from the cache, also where there is no network, and is copied where that is asked for', async () => {
  const out = join(home.path, 'out');
  // No daemon serves this copy of the configuration: whoever asked the network would fail.
  const nobody = ['--edge', '127.0.0.1:9', '--max-age', '2m'];
  const fetched = await network.at(reader, ['fetch', `${author.publicKey}/tree`, '-o', out, ...nobody]);
  expect(fetched).toMatchObject({ code: 0, out: `${out}\n`, err: expect.stringContaining('from the cache') });
  expect(describeTree(out)).toEqual(describeTree(tree));
  expect(await network.at(reader, ['fetch', `${author.publicKey}/tree`, '-o', out])).toMatchObject({ code: 2, err: expect.stringContaining('exists') });
  expect(await network.at(reader, ['fetch', `${author.publicKey}/tree`, '-o', join(home.path, 'nope', 'x')])).toMatchObject({ code: 2, err: expect.stringContaining('make it first') });
});

test('a directory that holds the private key is not published', async () => {
  expect(await network.at(author, ['publish', author.dataDir, '--name', 'secrets'])).toMatchObject({ code: 2, err: expect.stringContaining('private key') });
  expect(await network.at(author, ['publish', home.path, '--name', 'secrets'])).toMatchObject({ code: 2, err: expect.stringContaining('private key') });
});

test('what has not changed is not sent again, and --latest finds what has', async () => {
  expect(json(await network.at(author, ['publish', tree, '--json']))).toMatchObject({ sent: 0 });
  appendFileSync(join(tree, 'linked'), ' changed');
  const again = json(await network.at(author, ['publish', tree, '--json']));
  expect(again['sent']).toBeGreaterThan(0);
  expect(again['sent']).toBeLessThan((again['blocks'] as number) / 10);
  const fetched = await network.at(reader, ['fetch', `${author.publicKey}/tree`, '--latest', '--json']);
  expect(json(fetched)).toMatchObject({ source: 'network', root: again['root'] });
  expect(readFileSync(join(json(fetched)['path'] as string, 'linked'), 'utf8')).toMatch(/changed$/);
});

test('a short-lived node publishes and fetches, too', async () => {
  const at = (name: string, args: readonly string[]): Promise<Ended> => run([...args, '--json', '--edge', author.listen, '--data-dir', join(home.path, name)], { home: home.path });
  const published = await at('visitor', ['publish', join(tree, 'dir-1'), '--name', 'a part']);
  expect(published).toMatchObject({ code: 0 });
  const { publicKey } = json(published);
  const fetched = await at('another visitor', ['fetch', `${publicKey as string}/a part`]);
  expect(fetched).toMatchObject({ code: 0 });
  expect(describeTree(json(fetched)['path'] as string)).toEqual(describeTree(join(tree, 'dir-1')));
});

test('the cache is listed, counted, verified and pruned', async () => {
  const listed = JSON.parse((await network.at(reader, ['cache', 'ls', '--json'])).out) as { description: string; sizeBytes: number }[];
  expect(listed.map(({ description }) => description)).toEqual([`${author.publicKey}/tree`, `${author.publicKey}/tree`]);
  expect((await network.at(reader, ['cache', 'ls'])).out).toContain(`${author.publicKey}/tree\n`);
  expect(json(await network.at(reader, ['cache', 'stats', '--json']))).toMatchObject({ entryCount: 2 });
  expect((await network.at(reader, ['cache', 'stats'])).out).toMatch(/^trees {7}2\nsize /);
  expect(await network.at(reader, ['cache', 'verify'])).toMatchObject({ code: 0, err: '2 trees checked, 0 damaged\n' });
  expect(await network.at(reader, ['cache', 'prune'])).toMatchObject({ code: 2, err: expect.stringContaining('--max-size') });
  expect(json(await network.at(reader, ['cache', 'prune', '--max-entries', '1', '--dry-run', '--json']))).toMatchObject({ victims: [{ reason: 'max-entries' }], dryRun: true });
  expect(json(await network.at(reader, ['cache', 'prune', '--max-entries', '1', '--json']))).toMatchObject({ evicted: 1, limitsHold: true });
  expect(json(await network.at(reader, ['cache', 'stats', '--json']))).toMatchObject({ entryCount: 1 });
});

test('a tree that was being put together is cleared away by the next fetch once its process was killed, and not while it lives', async () => {
  expect(await network.at(author, ['publish', tree])).toMatchObject({ code: 0 });
  const drafts = join(home.path, 'stager', 'cache', 'tmp');
  const env = { NODE_OPTIONS: `--import=${new URL('stop-when-building.mjs', import.meta.url).href}` };
  const fetching = (): Dave => start(['fetch', `${author.publicKey}/tree`, '--latest', '--json', '--data-dir', join(home.path, 'stager'), '--edge', author.listen], { home: home.path, env });
  const builds = (): string[] => (existsSync(drafts) ? readdirSync(drafts, { recursive: true, encoding: 'utf8' }).filter((path) => /^[^/]+\/build-\d+$/.test(path)) : []);
  await using killed = fetching();
  await stopped(killed);
  const [left] = builds();
  expect(left).toBeDefined();
  killed.signal('SIGKILL');
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(builds()).toEqual([left]);

  await using living = fetching();
  await stopped(living);
  const [held] = builds();
  expect(held).toBeDefined();
  expect(held).not.toBe(left);
  const other = await run(['fetch', `${author.publicKey}/nothing`, '--data-dir', join(home.path, 'stager'), '--edge', author.listen], { home: home.path });
  expect(other.code).toBe(3);
  expect(builds()).toEqual([held]);
  living.signal('SIGCONT');
  expect(await living.ended).toMatchObject({ code: 0 });
  expect(readdirSync(drafts)).toEqual([]);
});

test('exit codes: 3 for no such tree, 5 for fewer acknowledgements, 4 for nobody, 2 for what cannot be', async () => {
  expect(await network.at(reader, ['fetch', `${author.publicKey}/nothing`])).toMatchObject({ code: 3, err: expect.stringMatching(/no tree 'nothing'/) });
  const lonely = join(home.path, 'lonely');
  await using alone = start(['up', '--json', '--listen', '127.0.0.1:0', '--data-dir', lonely], { home: home.path, longestMs: 60_000 });
  await alone.says('out', /\n/);
  const few = await run(['publish', join(tree, 'empty'), '--min-acks', '2', '--json', '--data-dir', lonely], { home: home.path });
  expect(few.code).toBe(5);
  expect(errorIn(few)).toMatchObject({ code: 'PUBLISH_NOT_ENOUGH_ACKS', fewestAcks: 1 });
  expect(await run(['publish', join(tree, 'empty'), '--min-acks', '1', '--json', '--data-dir', lonely], { home: home.path })).toMatchObject({ code: 0 });
  const nobody = ['--edge', '127.0.0.1:9', '--timeout', '300ms', '--data-dir', join(home.path, 'nobody')];
  expect(await run(['fetch', `${author.publicKey}/tree`, ...nobody], { home: home.path })).toMatchObject({ code: 4 });
  expect(await run(['publish', tree, ...nobody], { home: home.path })).toMatchObject({ code: 4 });
  expect(await network.at(author, ['publish', join(home.path, 'nowhere')])).toMatchObject({ code: 2 });
  expect(await network.at(author, ['publish', tree, '--name', 'a\nb'])).toMatchObject({ code: 2 });
});

test('Ctrl-C during the work of a publication ends it at once with 130, and what was sent stays sent', async () => {
  await using publishing = start(['publish', tree, '--all', '--difficulty', '40', '--data-dir', author.dataDir, '--json'], { home: home.path });
  // Nothing is said before the end: the threads that work on the first block show that it has begun.
  await working(publishing.child.pid!);
  const startedMs = performance.now();
  publishing.signal('SIGINT');
  const ended = await publishing.ended;
  expect(ended.code).toBe(130);
  expect(performance.now() - startedMs).toBeLessThan(3000);
});

/** What the system says of a process, from its state on. */
function statOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
}

/** Waits until a process has stopped itself. */
async function stopped({ child }: Dave): Promise<void> {
  while (statOf(child.pid!)[0] !== 'T') {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('ended before it had begun to put a tree together');
    await delay(5);
  }
}

/** Waits until a process has used two seconds of the processors. */
async function working(pid: number): Promise<void> {
  const ticks = (): number => {
    const fields = statOf(pid);
    return Number(fields[11]) + Number(fields[12]);
  };
  while (ticks() < 200) await delay(20);
}

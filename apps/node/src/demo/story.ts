import type { DaveNode } from '@p2p/dave-node';
import { FANOUT, peerIdOf, sortByDistance } from '@p2p/dave-wire';
import { AppError } from '../cli/app-error.ts';
import { idToHex } from '../control/dat-json.ts';
import type { DemoNetwork } from './demo-network.ts';
import { until } from './until.ts';

/** One thing that happened, with how long it really took. */
export interface StoryStep {
  name: 'form' | 'put' | 'replicas' | 'get' | 'kill' | 'read again' | 'repair';
  elapsedMs: number;
  detail: string;
}

/** The key that the story writes. */
export const DEMO_KEY = 'greeting';
const VALUE = 'hello from a network without a server';
/** Any single step that takes longer has failed. */
const STEP_MS = 30_000;

/**
 * Tells the story of the network step by step and returns the public key of the author.
 * @throws AppError APP_DEMO_FAILED at the first step that does not hold
 */
export async function* tellStory(network: DemoNetwork, signal: AbortSignal): AsyncGenerator<StoryStep, Uint8Array, void> {
  let startedMs = performance.now();
  const step = (name: StoryStep['name'], detail: string): StoryStep => {
    const now = performance.now();
    const elapsedMs = Math.round((now - startedMs) * 100) / 100;
    startedMs = now;
    return { name, elapsedMs, detail };
  };
  const size = network.live.length;

  await using client = await network.openClient(signal);
  await Promise.all([
    ...network.live.map((node) => node.waitForActivePeers(size - 1, { timeoutMs: STEP_MS, signal })),
    client.waitForActivePeers(size, { timeoutMs: STEP_MS, signal }),
  ]);
  yield step('form', `${size} nodes on loopback; each has proven its key to the others, and to a client that holds nothing`);

  const [writer] = network.live.slice(-1);
  check(writer !== undefined, 'there is a writer');
  const author = writer.publicKey;
  startedMs = performance.now();
  const placed = await writer.put(DEMO_KEY, new TextEncoder().encode(VALUE), { minAcks: FANOUT - 1, timeoutMs: STEP_MS, signal });
  yield step('put', `${idToHex(writer.id)} signed, proved and stored '${DEMO_KEY}'; ${placed.acks} replicas acknowledged`);

  const expected = byDistance(network, author).slice(0, FANOUT);
  const holders = expected.filter((node) => holds(node, author));
  check(holders.length === FANOUT, `${holders.length} of the ${FANOUT} closest nodes hold the value`);
  yield step('replicas', `the ${FANOUT} closest by XOR distance hold it: ${holders.map((node) => idToHex(node.id)).join(', ')}`);

  // The farthest node: the copy that it keeps of what it reads cannot pass for a repaired one later.
  const [reader] = byDistance(network, author).slice(-1);
  check(reader !== undefined && !holds(reader, author), 'the farthest node holds no copy');
  startedMs = performance.now();
  const source = await read(reader, author, signal);
  yield step('get', `${idToHex(reader.id)}, which held no copy, read it from ${source}`);

  const victims = holders.filter((node) => node !== writer).slice(-2);
  check(victims.length === 2, 'two holders can be killed');
  for (const victim of victims) await network.kill(victim);
  const killedMs = performance.now();
  const heirs = byDistance(network, author).slice(0, FANOUT);
  const lacking = heirs.filter((node) => !holds(node, author));
  check(lacking.length === 2, `the two new replicas hold nothing yet, but ${lacking.length} lack it`);
  yield step('kill', `two holders are gone without a word: ${victims.map((node) => idToHex(node.id)).join(', ')}`);

  const again = await read(client, author, signal);
  yield step('read again', `the client reads it all the same, from ${again}`);

  await until(() => heirs.every((node) => holds(node, author)), { timeoutMs: STEP_MS, signal }).catch((error: unknown) => {
    const still = heirs.filter((node) => !holds(node, author)).map((node) => idToHex(node.id));
    throw new AppError('APP_DEMO_FAILED', `the value was not repaired: ${still.join(', ')} still lack it`, { cause: error });
  });
  startedMs = killedMs;
  yield step('repair', `the holders gave it to ${lacking.map((node) => idToHex(node.id)).join(' and ')}: ${FANOUT} replicas again`);
  return author;
}

function check(held: boolean, what: string): asserts held {
  if (!held) throw new AppError('APP_DEMO_FAILED', `the story does not hold: ${what}`);
}

function holds(node: DaveNode, publicKey: Uint8Array): boolean {
  return node.localEntry(publicKey, DEMO_KEY) !== undefined;
}

function byDistance(network: DemoNetwork, publicKey: Uint8Array): DaveNode[] {
  return sortByDistance(peerIdOf(publicKey), [...network.live]);
}

async function read(reader: DaveNode, publicKey: Uint8Array, signal: AbortSignal): Promise<string> {
  const result = await reader.get(publicKey, DEMO_KEY, { mode: 'first', timeoutMs: STEP_MS, signal });
  check(result.found && new TextDecoder().decode(result.entry.dat.value) === VALUE, 'the value that was put is the value that is read');
  if (!result.found) return 'nowhere';
  return typeof result.source === 'bigint' ? idToHex(result.source) : 'its own store';
}

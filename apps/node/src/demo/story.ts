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

const KEY = 'greeting';
const VALUE = 'hello from a network without a server';
/** Any single step that takes longer has failed. */
const STEP_MS = 15_000;

/** Tells the story of the network step by step; throws AppError APP_DEMO_FAILED at the first step that does not hold. */
export async function* tellStory(network: DemoNetwork, signal: AbortSignal): AsyncGenerator<StoryStep, void, void> {
  let startedMs = performance.now();
  const step = (name: StoryStep['name'], detail: string): StoryStep => {
    const now = performance.now();
    const elapsedMs = Math.round((now - startedMs) * 100) / 100;
    startedMs = now;
    return { name, elapsedMs, detail };
  };
  const size = network.live.length;

  await Promise.all(network.live.map((node) => node.waitForActivePeers(size - 1, { timeoutMs: STEP_MS, signal })));
  yield step('form', `${size} nodes on loopback; each has proven its key to the ${size - 1} others`);

  const writer = pick(network, () => true);
  const author = writer.publicKey;
  startedMs = performance.now();
  const placed = await writer.put(KEY, new TextEncoder().encode(VALUE), { minAcks: FANOUT - 1, timeoutMs: STEP_MS, signal });
  yield step('put', `${idToHex(writer.id)} signed, proved and stored '${KEY}'; ${placed.acks} replicas acknowledged`);

  const expected = closestLive(network, author);
  const holders = expected.filter((node) => holds(node, author));
  check(holders.length === FANOUT, `${holders.length} of the ${FANOUT} closest nodes hold the value`);
  yield step('replicas', `the ${FANOUT} closest by XOR distance hold it: ${holders.map((node) => idToHex(node.id)).join(', ')}`);

  const reader = pick(network, (node) => !holds(node, author));
  startedMs = performance.now();
  const source = await read(reader, author, signal);
  yield step('get', `${idToHex(reader.id)}, which holds no copy, read it from ${source}`);

  const victims = holders.filter((node) => node !== writer && node !== reader).slice(-2);
  check(victims.length === 2, 'two holders can be killed');
  for (const victim of victims) await network.kill(victim);
  yield step('kill', `two holders are gone without a word: ${victims.map((node) => idToHex(node.id)).join(', ')}`);

  // A reader that has kept a copy would prove nothing: ask one that has none, else the first again over the network.
  const secondReader = network.live.find((node) => !holds(node, author)) ?? reader;
  const again = await read(secondReader, author, signal);
  yield step('read again', `${idToHex(secondReader.id)} still reads it, from ${again}`);

  const heirs = closestLive(network, author);
  await until(() => heirs.every((node) => holds(node, author)), { timeoutMs: STEP_MS, signal }).catch((error: unknown) => {
    const lacking = heirs.filter((node) => !holds(node, author)).map((node) => idToHex(node.id));
    throw new AppError('APP_DEMO_FAILED', `the value was not repaired: ${lacking.join(', ')} still lack it`, { cause: error });
  });
  yield step('repair', `all ${FANOUT} closest of the ${network.live.length} that are left hold it again: ${heirs.map((node) => idToHex(node.id)).join(', ')}`);
}

function check(held: boolean, what: string): void {
  if (!held) throw new AppError('APP_DEMO_FAILED', `the story does not hold: ${what}`);
}

function holds(node: DaveNode, publicKey: Uint8Array): boolean {
  return node.localEntry(publicKey, KEY) !== undefined;
}

function pick(network: DemoNetwork, wanted: (node: DaveNode) => boolean): DaveNode {
  const found = network.live.findLast(wanted);
  if (found === undefined) throw new AppError('APP_DEMO_FAILED', 'no node of the wanted kind is left');
  return found;
}

function closestLive(network: DemoNetwork, publicKey: Uint8Array): DaveNode[] {
  return sortByDistance(peerIdOf(publicKey), [...network.live]).slice(0, FANOUT);
}

async function read(reader: DaveNode, publicKey: Uint8Array, signal: AbortSignal): Promise<string> {
  const result = await reader.get(publicKey, KEY, { mode: 'first', timeoutMs: STEP_MS, signal });
  check(result.found && new TextDecoder().decode(result.entry.dat.value) === VALUE, 'the value that was put is the value that is read');
  if (!result.found) return 'nowhere';
  return typeof result.source === 'bigint' ? idToHex(result.source) : 'its own store';
}

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createDat, decodeMessage, encodeMessage, keyPairFromSeed, messageSize, type Message } from '@p2p/dave-wire';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('capture-packets.ts', import.meta.url));
/** Item 1 with its header. */
const ITEM_BYTES = 35;

interface Captured {
  traced: boolean;
  events: number;
  lines: string[];
}

const { privateKey } = keyPairFromSeed(new Uint8Array(32).fill(9));
// The largest leave no room for a trace context, or not even for a request id.
const values = [new Uint8Array(5), new Uint8Array(1180), new Uint8Array(1200), new Uint8Array(1220)];
const puts = await Promise.all(
  values.map(async (value, n) => {
    const dat = await createDat({ privateKey, key: `k${n}`, value, time: 1_899_999_000_000 });
    return Buffer.from(encodeMessage({ op: 'put', entry: { dat, replicas: [] } })).toString('hex');
  }),
);

/** Runs the built package in one flavour. */
function capture(conditions: readonly string[], ...args: string[]): Captured {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...conditions, PROGRAM, ...puts, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
    maxBuffer: 64 * 1024 * 1024,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Captured;
}

const messageOf = (line: string): Message => decodeMessage(Uint8Array.from(Buffer.from(line.split(' ')[3] ?? '', 'hex')));

test('a packet is the same to the byte in a build without tracing and in one where tracing is off', () => {
  const untraced = capture([]);
  const off = capture(['--conditions=p2p-trace']);
  expect([untraced.traced, off.traced]).toEqual([false, true]);
  for (const op of ['ping', 'pong', 'put', 'put-ack', 'get', 'get-ack']) expect(untraced.lines.some((line) => line.split(' ')[2] === op)).toBe(true);
  expect(off.lines).toEqual(untraced.lines);
});

test('a build without tracing takes a log and writes nothing into it', () => {
  expect(capture([], '--traced')).toEqual(capture([]));
});

test('where tracing is on, only the trace context of requests and answers is added, and only where it fits', () => {
  const off = capture(['--conditions=p2p-trace']);
  const on = capture(['--conditions=p2p-trace'], '--traced');
  expect(on.events).toBeGreaterThan(off.lines.length);
  let stamped = 0;
  const without = on.lines.map((line) => {
    const message = messageOf(line);
    if (message.op === 'pong' || message.extensions?.trace === undefined) return line;
    stamped += 1;
    expect(['put', 'put-ack', 'get', 'get-ack']).toContain(message.op);
    expect(messageSize(message)).toBeLessThanOrEqual(1424);
    const bare = structuredClone(message);
    delete bare.extensions!.trace;
    if (Object.keys(bare.extensions!).length === 0) delete bare.extensions;
    expect(messageSize(message) - messageSize(bare)).toBe(bare.extensions === undefined ? ITEM_BYTES + 2 : ITEM_BYTES);
    return [...line.split(' ').slice(0, 3), Buffer.from(encodeMessage(bare)).toString('hex')].join(' ');
  });
  expect(without).toEqual(off.lines);
  expect(stamped).toBeGreaterThan(10);
  // The largest dats are among those that went without.
  const puts = on.lines.map(messageOf).filter((message) => message.op === 'put');
  expect(new Set(puts.map(({ extensions }) => `${extensions?.requestId !== undefined} ${extensions?.trace !== undefined}`))).toEqual(new Set(['true true', 'true false', 'false false']));
});

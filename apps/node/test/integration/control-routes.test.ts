import { request } from 'node:http';
import { createConnection } from 'node:net';
import { createDat, FrameDecoder, generateKeyPair } from '@p2p/dave-wire';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeAnswer } from '../../src/control/bulk-frames.ts';
import { datToJson } from '../../src/control/dat-json.ts';
import { run, startDaemon, temporaryHome, type Daemon } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
let daemon: Daemon;

beforeAll(async () => {
  home = await temporaryHome();
  daemon = await startDaemon(home.path, 'data');
});

afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

function ask(method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}): Promise<{ status: number; content: { code?: string; detail?: string; [more: string]: unknown } }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath: daemon.control, method, path, agent: false, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, content: JSON.parse(text) as { code?: string } }));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function askBytes(path: string, body: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const outgoing = request({ socketPath: daemon.control, method: 'POST', path, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
    answer.once('error', reject);
    answer.once('end', () => resolve(new Uint8Array(Buffer.concat(chunks))));
  });
  outgoing.once('error', reject);
  outgoing.end(body);
  return await promise;
}

const nobody = '0'.repeat(64);

async function draft(key: string, value: string): Promise<Record<string, unknown>> {
  return datToJson(await createDat({ privateKey: generateKeyPair().privateKey, key, value: new TextEncoder().encode(value) }));
}

describe('requests that are none are refused with a reason', () => {
  test.each<[string, string, string, string | Uint8Array | undefined, number, RegExp]>([
    ['a body that is no JSON', 'PUT', '/v1/dats', '{"dat":', 400, /the body is no JSON/],
    ['an empty body', 'PUT', '/v1/dats', undefined, 400, /the body is no JSON/],
    ['JSON that is no object', 'PUT', '/v1/dats', '[1]', 400, /expected object/],
    ['a missing dat', 'PUT', '/v1/dats', '{}', 400, /dat/],
    ['an unknown field', 'PUT', '/v1/dats', '{"dta":1}', 400, /dta/],
    ['a body above its limit', 'PUT', '/v1/dats', new Uint8Array(100_000), 413, /at most 16384 bytes/],
    ['a public key that is too short', 'GET', '/v1/dats/abc?key=a', undefined, 400, /64 lower-case hex digits/],
    ['a public key that is no hex', 'GET', `/v1/dats/${'g'.repeat(64)}?key=a`, undefined, 400, /64 lower-case hex digits/],
    ['no key', 'GET', `/v1/dats/${nobody}`, undefined, 400, /key/],
    ['an unknown mode', 'GET', `/v1/dats/${nobody}?key=a&mode=fastest`, undefined, 400, /mode/],
    ['a time without end', 'GET', `/v1/dats/${nobody}?key=a&timeoutMs=1e12`, undefined, 400, /timeoutMs/],
    ['no number', 'GET', `/v1/dats/${nobody}?key=a&timeoutMs=soon`, undefined, 400, /timeoutMs/],
    ['an unknown parameter', 'GET', `/v1/dats/${nobody}?key=a&lastest=1`, undefined, 400, /lastest/],
    ['a slash that is encoded', 'GET', `/v1/dats/${nobody}%2Fa?key=a`, undefined, 400, /64 lower-case hex digits/],
    ['a percent sign that encodes nothing', 'GET', `/v1/dats/%zz?key=a`, undefined, 400, /64 lower-case hex digits/],
    ['a time that is none, for many dats', 'POST', `/v1/bulk/read/${nobody}?timeoutMs=abc`, undefined, 400, /timeoutMs/],
    ['a time without end, for many dats', 'POST', `/v1/bulk/read/${nobody}?timeoutMs=1e99`, undefined, 400, /timeoutMs/],
    ['another path', 'GET', `/v1/dats/${nobody}/a`, undefined, 404, /no such route/],
    ['another method', 'DELETE', '/v1/status', undefined, 404, /no such route/],
  ])('%s', async (_what, method, path, body, status, detail) => {
    const answer = await ask(method, path, body);
    expect(answer).toMatchObject({ status, content: { status, code: 'APP_USAGE', detail: expect.stringMatching(detail) } });
  });

  test.each([['read', [0, 0], 'WIRE_EMPTY'], ['read', [255, 255], 'WIRE_TOO_LONG'], ['write', [0, 0, 1], 'WIRE_EMPTY'], ['write', [255, 255, 1], 'WIRE_TOO_LONG']] as const)(
    'bytes that are no frame, to %s: %j is answered by a failure', async (kind, bytes, code) => {
      const answer = await askBytes(`/v1/bulk/${kind}/${nobody}`, Uint8Array.of(1, 0, 120, ...bytes));
      const frames = [...new FrameDecoder().push(answer)].map((frame) => decodeAnswer(frame));
      expect(frames.map(({ index }) => index)).toEqual([0, 1]);
      expect(frames[1]!.failure).toMatchObject({ code });
    },
  );

  test('a body without a length is bounded too', async () => {
    const answer = await ask('PUT', '/v1/dats', new Uint8Array(100_000), { 'transfer-encoding': 'chunked' });
    expect(answer).toMatchObject({ status: 413 });
  });

  test.each<[string, (dat: Record<string, unknown>) => unknown, RegExp]>([
    ['hex of another length', (dat) => ({ ...dat, salt: 'ab' }), /16 bytes in lower-case hex/],
    ['letters that are no hex', (dat) => ({ ...dat, work: 'z'.repeat(64) }), /32 bytes in lower-case hex/],
    ['a value that is no base64', (dat) => ({ ...dat, value: '%%%' }), /value/],
    ['a value that no packet can hold', (dat) => ({ ...dat, value: 'A'.repeat(4000) }), /value/],
    ['a time before 1970', (dat) => ({ ...dat, time: -1 }), /time/],
    ['a key of 256 characters', (dat) => ({ ...dat, key: 'x'.repeat(256) }), /key/],
    ['more than a dat has', (dat) => ({ ...dat, ttl: 1 }), /ttl/],
  ])('a dat with %s', async (_what, change, detail) => {
    const answer = await ask('PUT', '/v1/dats', JSON.stringify({ dat: change(await draft('key', 'value')) }));
    expect(answer).toMatchObject({ status: 400, content: { code: 'APP_USAGE', detail: expect.stringMatching(detail) } });
  });
});

test('a dat that does not hold is refused by the node, and a whole one is taken', async () => {
  const dat = await draft('key', 'value');
  const forged = await ask('PUT', '/v1/dats', JSON.stringify({ dat: { ...dat, value: Buffer.from('other').toString('base64') } }));
  expect(forged).toMatchObject({ status: 422, content: { code: 'NODE_INVALID_DAT' } });
  const lone = await ask('PUT', '/v1/dats', JSON.stringify({ dat: { ...dat, key: '\ud800' } }));
  expect(lone.status).toBe(422);
  const long = await ask('PUT', '/v1/dats', JSON.stringify({ dat: { ...dat, key: 'ü'.repeat(255) } }));
  expect(long).toMatchObject({ status: 422, content: { code: 'NODE_TOO_LARGE' } });
  expect(await ask('PUT', '/v1/dats', JSON.stringify({ dat }))).toMatchObject({ status: 200, content: { acks: 1, replicas: [{ id: daemon.id, outcome: 'stored' }] } });
});

test('bytes that are no HTTP cost the connection and nothing else', async () => {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = createConnection(daemon.control);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.write(Uint8Array.from({ length: 512 }, (_, index) => index));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(await run(['status', '--data-dir', daemon.dataDir], { home: home.path })).toMatchObject({ code: 0 });
});

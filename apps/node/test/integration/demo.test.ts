import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, start, temporaryHome } from './dave-process.ts';

let home: Awaited<ReturnType<typeof temporaryHome>>;
beforeAll(async () => {
  home = await temporaryHome();
});
afterAll(() => home[Symbol.asyncDispose]());

const STEPS = ['form', 'put', 'replicas', 'get', 'kill', 'read again', 'repair'];

test('demo --once tells the whole story and ends with 0', async () => {
  const { code, out, err } = await run(['demo', '--once', '--json'], { home: home.path });
  expect({ code, err }).toMatchObject({ code: 0 });
  const told = JSON.parse(out) as { ok: boolean; nodes: number; elapsedMs: number; steps: { name: string; elapsedMs: number; detail: string }[] };
  expect(told).toMatchObject({ ok: true, nodes: 8, elapsedMs: expect.any(Number), author: expect.stringMatching(/^[0-9a-f]{64}$/), edge: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  expect(told.steps.map(({ name }) => name)).toEqual(STEPS);
  for (const step of told.steps) expect(step).toEqual({ name: step.name, elapsedMs: expect.any(Number), detail: expect.any(String) });
  expect(told.elapsedMs).toBeLessThan(20_000);
  // The same story for a person, on the other stream.
  for (const name of STEPS) expect(err).toContain(` ${name} `);
  expect(err).toContain('every step held');
  expect(err).not.toMatch(/Warning/);
});

test('without --once the network stays up, can be read from outside, and stops on SIGINT', async () => {
  await using demo = start(['demo'], { home: home.path });
  const [, target, edge] = (await demo.says('err', /get ([0-9a-f]{64}\/\S+) --edge (\S+)/)) as unknown as [string, string, string];
  const read = await run(['get', target, '--edge', edge], { home: home.path });
  expect(read).toMatchObject({ code: 0, out: 'hello from a network without a server' });
  demo.signal('SIGINT');
  expect(await demo.ended).toMatchObject({ code: 0, signal: null, err: expect.stringMatching(/stopping\n$/) });
});

test('a demo that is interrupted in the middle of its story ends with 130', async () => {
  await using demo = start(['demo', '--once', '--json'], { home: home.path });
  await demo.says('err', /opened 8 nodes/);
  demo.signal('SIGINT');
  const { code, out } = await demo.ended;
  expect(code).toBe(130);
  expect(JSON.parse(out)).toEqual({ error: { code: 'APP_INTERRUPTED', message: 'interrupted' } });
});

test('too few nodes for the story are refused', async () => {
  expect(await run(['demo', '--nodes', '5'], { home: home.path })).toMatchObject({ code: 2, err: expect.stringContaining('a whole number from 8 to 32') });
});

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { decodeMessage, verifyDat } from '@p2p/dave-wire';
import { chromium, type BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PageResult } from '../browser/page.ts';
import type { TraceResult } from '../browser/trace.ts';
import { bundleForBrowsers } from '../src/bundle-for-browsers.ts';
import { bundleWithEsbuild } from '../src/bundle-with-esbuild.ts';

const EXECUTABLE = process.env['P2P_CHROMIUM'] ?? '/usr/bin/chromium';
const CI = process.env['CI'] === 'true';
const missing = existsSync(EXECUTABLE) ? undefined : `no Chromium at ${EXECUTABLE} (set P2P_CHROMIUM)`;

// No inline scripts, no blob:, no eval: only compiling WebAssembly is allowed on top of own files.
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
const POLICY_WITHOUT_WORKERS = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'";
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function serve(directory: string, policy: string): Promise<Server> {
  const { promise, resolve } = Promise.withResolvers<Server>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (path === '/favicon.ico') return void response.writeHead(204).end();
    const file = join(directory, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': policy });
    response.end(readFileSync(file));
  });
  server.listen(0, '127.0.0.1', () => resolve(server));
  return promise;
}

test('Chromium is there, or this is not CI', () => {
  expect(CI ? missing : undefined).toBeUndefined();
});

describe.skipIf(missing !== undefined)(`a page under a strict policy${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const pages = mkdtempSync(join(tmpdir(), 'p2p-browser-pages-'));
  const profile = mkdtempSync(join(tmpdir(), 'p2p-browser-profile-'));
  const servers: Server[] = [];
  let browser: BrowserContext;

  async function addressUnder(policy: string): Promise<string> {
    const server = await serve(pages, policy);
    servers.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  beforeAll(async () => {
    await bundleForBrowsers('index.html', pages);
    browser = await chromium.launchPersistentContext(profile, { executablePath: EXECUTABLE, headless: true, args: FLAGS });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
    for (const directory of [pages, profile]) rmSync(directory, { recursive: true, force: true });
  });

  test('signs, proves with Web Workers, verifies, and reports no error', async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    const workers: string[] = [];
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
    page.on('worker', (worker) => workers.push(new URL(worker.url()).pathname));
    await page.addInitScript({
      content: "addEventListener('securitypolicyviolation', (event) => console.error(`refused: ${event.violatedDirective} ${event.blockedURI}`));",
    });
    await page.goto(await addressUnder(POLICY));
    const result = await page.evaluate<PageResult>('exercise()');

    expect(result).toMatchObject({
      backend: 'noble',
      verdict: { valid: true },
      tampered: { valid: false, reason: 'signature' },
      solutionHolds: true,
    });
    expect(result.bits).toBeGreaterThanOrEqual(16);
    expect(workers.length).toBeGreaterThan(0);
    for (const path of workers) expect(path).toMatch(/work-worker-web.*\.js$/);
    expect(complaints).toEqual([]);

    // What the page has made convinces Node, with another backend.
    const put = decodeMessage(Uint8Array.from(Buffer.from(result.put, 'hex')));
    expect(put.op === 'put' && (await verifyDat(put.entry.dat, { now: Date.now(), minWork: 16 }))).toEqual({ valid: true });
    await page.close();
  });

  test('proves on its own thread where the policy forbids workers', async () => {
    const page = await browser.newPage();
    const errors: string[] = [];
    const workers: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('worker', (worker) => workers.push(worker.url()));
    await page.goto(await addressUnder(POLICY_WITHOUT_WORKERS));
    const result = await page.evaluate<PageResult>('exercise()');
    expect(result).toMatchObject({ verdict: { valid: true }, tampered: { valid: false, reason: 'signature' } });
    expect(result.bits).toBeGreaterThanOrEqual(16);
    expect(workers).toEqual([]);
    expect(errors).toEqual([]);
    await page.close();
  });

  test.each([
    ['on', ['p2p-trace'], { traced: true, kinds: ['spanStart', 'packetSent', 'spanEnd'], peers: 3, slices: 1, dumped: 3 }],
    ['off', [], { traced: false, kinds: [], peers: 0, slices: 0, dumped: 0 }],
  ])('traces, with the condition p2p-trace %s', async (_state, conditions, expected) => {
    const { code, warnings } = await bundleWithEsbuild('trace.ts', conditions);
    expect(warnings).toEqual([]);
    writeFileSync(join(pages, 'trace.js'), code);
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(await addressUnder(POLICY));
    await page.addScriptTag({ url: 'trace.js', type: 'module' });
    const result = await page.evaluate<TraceResult>('exerciseTrace()');
    expect(result).toMatchObject(expected);
    if (result.traced) expect(result.secondsOff).toBeLessThan(5);
    expect(errors).toEqual([]);
    await page.close();
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleWithEsbuild } from '../src/bundle-with-esbuild.ts';
import { bundleForBrowsers, scriptsOf, type BundledFile } from '../src/bundle-for-browsers.ts';

const LIMIT_BYTES = 60_000;
const outDir = mkdtempSync(join(tmpdir(), 'p2p-browser-size-'));
let scripts: BundledFile[] = [];

beforeAll(async () => {
  await bundleForBrowsers('whole-api.ts', outDir);
  scripts = scriptsOf(outDir);
});

afterAll(() => rmSync(outDir, { recursive: true, force: true }));

test('all of @p2p/dave-wire, worker and WebAssembly included, is at most 60 kB minified and gzipped', () => {
  const total = scripts.reduce((sum, { gzippedBytes }) => sum + gzippedBytes, 0);
  console.log(`${scripts.map(({ name, bytes, gzippedBytes }) => `${name} ${bytes} B, ${gzippedBytes} B gzipped`).join('; ')}; together ${total} B of ${LIMIT_BYTES}`);
  expect(scripts.some(({ name }) => name.includes('work-worker-web')), 'the worker became a file of its own').toBe(true);
  expect(total).toBeLessThanOrEqual(LIMIT_BYTES);
});

test('nothing of Node or of the accelerated backends is in it', () => {
  for (const { name } of scripts) {
    const code = readFileSync(join(outDir, name), 'utf8');
    expect(code).not.toMatch(/node:|sodium-native|createRequire/);
  }
});

test('esbuild bundles it too, without a warning and within the limit', async () => {
  const { code, warnings } = await bundleWithEsbuild('whole-api.ts');
  expect(warnings).toEqual([]);
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(LIMIT_BYTES);
});

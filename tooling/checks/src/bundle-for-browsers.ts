import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const SOURCES = fileURLToPath(new URL('../browser/', import.meta.url));

/** Builds an entry of `browser/` as an application would: no plugin, no alias, no option for the package. */
export async function bundleForBrowsers(entry: string, outDir: string): Promise<void> {
  await build({
    root: SOURCES,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    base: './',
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      rolldownOptions: {
        input: join(SOURCES, entry),
        // Otherwise the exports of an entry that nobody imports are dropped.
        preserveEntrySignatures: 'strict',
      },
    },
  });
}

export interface BundledFile {
  /** Relative to the output directory. */
  readonly name: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
}

/** Every script of a bundle, workers included. */
export function scriptsOf(outDir: string): BundledFile[] {
  return readdirSync(outDir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => {
      const content = readFileSync(join(outDir, name));
      return { name, bytes: content.length, gzippedBytes: gzipSync(content, { level: 9 }).length };
    });
}

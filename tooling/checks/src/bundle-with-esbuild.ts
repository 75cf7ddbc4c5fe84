import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** One minified file of an entry of `browser/`, by a bundler that does not know workers; with the warnings it gave. */
export async function bundleWithEsbuild(entry: string, conditions: string[] = []): Promise<{ code: Uint8Array; warnings: readonly string[] }> {
  const { outputFiles, warnings } = await build({
    entryPoints: [fileURLToPath(new URL(`../browser/${entry}`, import.meta.url))],
    bundle: true,
    // Any list takes `module` away.
    ...(conditions.length === 0 ? {} : { conditions: [...conditions, 'module'] }),
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  });
  return { code: outputFiles[0]!.contents, warnings: warnings.map(({ text }) => text) };
}

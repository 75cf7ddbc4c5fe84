import { basename } from 'node:path';
import { importFor } from '../optional-packages.ts';
import { SCRIPT, resolveRelative } from '../module-graph.ts';
import type { Bundler } from './bundler.ts';

type Esbuild = typeof import('esbuild');

/** What the page for release engineers recommends as well. */
const FURTHER_PASSES = 2;

export async function esbuildBundler(directory: string): Promise<Bundler | undefined> {
  const found = await importFor<Esbuild>('esbuild', directory);
  if (found === undefined) return undefined;
  const { build, transform } = found.module;
  return {
    name: 'esbuild',
    version: found.version,
    bundle: async ({ entries, load, isExternal, platform }) => {
      const { outputFiles } = await build({
        entryPoints: [...entries],
        bundle: true,
        // Imported constants are folded only after unused code was dropped: further passes drop what that leaves. The
        // first one keeps their annotations.
        minifySyntax: true,
        splitting: true,
        format: 'esm',
        target: 'es2024',
        platform,
        outdir: 'out',
        write: false,
        logLevel: 'silent',
        plugins: [
          {
            name: 'p2p-trace-check',
            setup: (context): void => {
              context.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
                if (kind === 'entry-point') return undefined;
                if (isExternal(path)) return { path, external: true };
                const own = resolveRelative(path, importer);
                return own === undefined || load(own) === undefined ? undefined : { path: own };
              });
              context.onLoad({ filter: SCRIPT }, ({ path }) => {
                const contents = load(path);
                return contents === undefined ? undefined : { contents, loader: 'js' };
              });
            },
          },
        ],
      });
      return await Promise.all(
        outputFiles.map(async ({ path, text }) => {
          let code = text;
          for (let pass = 0; pass < FURTHER_PASSES; pass += 1) ({ code } = await transform(code, { minify: true, treeShaking: true, format: 'esm', target: 'es2024' }));
          return { name: basename(path), code };
        }),
      );
    },
  };
}
